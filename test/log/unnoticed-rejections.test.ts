import { expect, test } from "bun:test"
import { bounds } from "../../src/core/bounds.ts"
import { unnoticedRejections } from "../../src/log/unnoticed-rejections.ts"
import { createLog } from "../../src/log.ts"

test("a flood of rejections is a few lines a minute, and how many were not said", () => {
  const lines: { err: { message: string }; unsaid?: number }[] = []
  const stream = { write: (line: string) => lines.push(JSON.parse(line)) }
  let nowMs = 0
  const log = createLog({ level: "info", isPretty: false, stream })
  const reject = unnoticedRejections(log, () => nowMs)
  for (let n = 0; n < 556; n++) reject(new Error(`number ${n}`))
  expect(lines).toHaveLength(bounds.unnoticedSaidMax)
  expect(lines[0]!.err.message).toBe("number 0")
  nowMs = 60_000
  reject(new Error("later"))
  reject(new Error("last"))
  expect(lines.slice(bounds.unnoticedSaidMax)).toMatchObject([
    { err: { message: "later" }, unsaid: 556 - bounds.unnoticedSaidMax },
    { err: { message: "last" } },
  ])
  expect(lines.at(-1)!.unsaid).toBeUndefined()
})
