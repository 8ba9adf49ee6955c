import { afterAll, describe, expect, test } from "bun:test"
import { canStartPrivateBroker } from "../support/private-broker.ts"
import { seed } from "../support/seed.ts"
import { ChaosRun } from "./chaos-run.ts"
import { reportText } from "./report-text.ts"

if (!canStartPrivateBroker) console.warn("skipped: faults need a rabbitmq-server on this machine")

/** The short form; `bun run test:chaos` is the long one. */
const minutes = 0.5

describe.skipIf(!canStartPrivateBroker)("under fire", () => {
  const run = new ChaosRun({ seed, minutes, replicas: 1 + (seed % 2) })
  afterAll(() => run.stop(), 30_000)

  test("nothing accepted is lost, reordered, misplaced or altered", async () => {
    const report = await run.run()
    if (report.violations.length > 0) {
      console.error(`${reportText(report)}\nto repeat: PARTYMQ_TEST_SEED=${seed}`)
    }
    expect(report.violations).toEqual([])
    expect(Object.keys(report.faults).length).toBeGreaterThan(3)
    expect(report.load.amqp).toBeGreaterThan(500)
    expect(report.load.http).toBeGreaterThan(100)
  }, 240_000)
})
