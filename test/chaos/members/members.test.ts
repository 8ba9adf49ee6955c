import { afterAll, expect, test } from "bun:test"
import { seed } from "../../support/seed.ts"
import { MembersRun } from "./members-run.ts"

/** The short form; `bun run test:members` is the long one. */
const run = new MembersRun({ seed, minutes: 0.15, members: 12, partitions: 64, perSecond: 200 })
afterAll(() => run.stop(), 30_000)

test("members that join, leave, crash and freeze lose, disorder and overlap nothing", async () => {
  const report = await run.run()
  if (report.violations.length > 0) {
    console.error(`${JSON.stringify(report, null, 2)}\nto repeat: PARTYMQ_TEST_SEED=${seed}`)
  }
  expect(report.violations).toEqual([])
  expect(report.messages).toBeGreaterThan(500)
}, 240_000)
