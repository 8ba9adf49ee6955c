import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/core/bounds.ts"
import { type Condition, ConditionLog } from "../../src/log/condition-log.ts"
import { createLog } from "../../src/log.ts"

/** A log of conditions on a clock that a test sets, and what it says. */
function conditionLog() {
  const lines: { level: string; msg: string; seconds?: number; queue?: string }[] = []
  const stream = { write: (line: string) => lines.push(JSON.parse(line)) }
  const clock = { nowMs: 0 }
  const log = createLog({ level: "info", isPretty: false, stream })
  const conditions = new ConditionLog(log, () => clock.nowMs)
  return { conditions, clock, lines, said: () => lines.map(({ msg }) => msg) }
}

const full = (queue: string, more: Partial<Condition> = {}): Condition => ({
  subject: `full ${queue}`,
  fields: { queue },
  begun: "full",
  over: "free",
  lasts: () => false,
  ...more,
})

describe("a condition", () => {
  test("is said once however often it is noted, and once when it is over, with its length", () => {
    const { conditions, clock, lines } = conditionLog()
    for (let n = 0; n < 10_000; n++) conditions.note(full("q"))
    clock.nowMs = 3_000
    conditions.note(full("q"))
    clock.nowMs = 3_000 + bounds.conditionCalmMs - 1
    conditions.check()
    expect(lines).toMatchObject([{ level: "warn", msg: "full", queue: "q" }])
    clock.nowMs += 1
    conditions.check()
    conditions.check()
    expect(lines).toHaveLength(2)
    expect(lines[1]).toMatchObject({ level: "info", msg: "free", queue: "q", seconds: 3 })
  })

  test("that comes and goes is one condition, and a new one once it has been over", () => {
    const { conditions, clock, said } = conditionLog()
    for (; clock.nowMs < 60_000; clock.nowMs += bounds.conditionCalmMs / 2) {
      conditions.note(full("q"))
      conditions.check()
    }
    expect(said()).toEqual(["full"])
    clock.nowMs += bounds.conditionCalmMs
    conditions.check()
    conditions.note(full("q"))
    expect(said()).toEqual(["full", "free", "full"])
  })

  test("goes on for as long as it says itself that it lasts", () => {
    const { conditions, clock, said } = conditionLog()
    let lasts = true
    conditions.note(full("q", { lasts: () => lasts }))
    for (; clock.nowMs < 60_000; clock.nowMs += 1_000) conditions.check()
    expect(said()).toEqual(["full"])
    lasts = false
    clock.nowMs += bounds.conditionCalmMs
    conditions.check()
    expect(said()).toEqual(["full", "free"])
  })

  test("that is said only after a while is not said at all when it is over before", () => {
    const { conditions, clock, said } = conditionLog()
    let lasts = true
    const slow = full("q", { afterMs: 2_000, lasts: () => lasts })
    conditions.note(slow)
    clock.nowMs = 1_999
    conditions.check()
    lasts = false
    conditions.check()
    clock.nowMs = 60_000
    conditions.check()
    lasts = true
    conditions.note(slow)
    clock.nowMs += 1_999
    conditions.check()
    expect(said()).toEqual([])
    clock.nowMs += 1
    conditions.check()
    expect(said()).toEqual(["full"])
  })

  test("is not said one by one when many begin at once, and is again once these are over", () => {
    const { conditions, clock, lines, said } = conditionLog()
    const begin = () => {
      for (let n = 0; n < 1_000; n++) conditions.note(full(String(n)))
    }
    begin()
    expect(lines).toHaveLength(bounds.conditionsSaidMax + 1)
    expect(said().at(-1)).toContain("more of the same")
    clock.nowMs = bounds.conditionCalmMs
    conditions.check()
    expect(lines).toHaveLength(2 * bounds.conditionsSaidMax + 1)
    conditions.note(full("q"))
    expect(said().at(-1)).toBe("full")
  })
})
