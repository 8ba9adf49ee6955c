import { expect, test } from "bun:test"
import { createLog } from "../../src/log.ts"
import { temporaryFolder } from "../config/temporary-folder.ts"
import { newRouter } from "../support/test-router.ts"

const anywhere = (isDeterministic: boolean) => `import { definePartitioner } from "partymq"
export default definePartitioner({
  name: "anywhere",
  guarantees: {
    deterministic: ${isDeterministic}, balanced: false, movement: "any", weighted: false,
  },
  create: () => () => 0,
})`

test("a partitioner that does not always place a key alike is warned of, and no other", async () => {
  using folder = temporaryFolder({ "odd.ts": anywhere(false), "even.ts": anywhere(true) })
  const lines: string[] = []
  const log = createLog({ level: "warn", stream: { write: (line) => lines.push(line) } })
  const groups = {
    odd: { partitions: 2, partitioner: { use: "./odd.ts" } },
    even: { partitions: 2, partitioner: { use: "./even.ts" } },
    usual: { partitions: 2 },
  }
  await newRouter({ topics: { t: { groups } } }, { log, baseDir: folder.path })
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { topic: "t", group: "odd", partitioner: "anywhere", msg: expect.stringContaining("no order") },
  ])
})
