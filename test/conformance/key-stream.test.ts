import { expect, test } from "bun:test"
import { placements } from "../../src/conformance/key-stream.ts"

test("the stream does not repeat itself", () => {
  const seen = new Set<string>()
  placements((key) => {
    seen.add(Buffer.from(key).toString("latin1"))
    return 0
  }, 5000)
  expect(seen.size).toBe(5000)
  expect(seen).toContain("order-0000002499")
})
