import { describe, expect, test } from "bun:test"
import { RunOracle } from "./run-oracle.ts"

const run = { key: "k", revision: 1, partition: 0 }
const published = [{ key: "k", revision: 1 }]

function judge(happen: (oracle: RunOracle) => void): { violations: number; complaints: number } {
  const oracle = new RunOracle()
  for (const member of ["a", "b"]) oracle.joined(member)
  happen(oracle)
  const { overlapping, lost } = oracle.verdict(published)
  expect(lost).toBe(0)
  return { violations: overlapping, complaints: oracle.complaints.length }
}

describe("the judge of members' runs", () => {
  test("has nothing against one run after the other", () => {
    const verdict = judge((oracle) => {
      oracle.started("a", run, false)
      oracle.ended("a", run, false)
      oracle.started("b", run, false)
    })
    expect(verdict).toEqual({ violations: 0, complaints: 0 })
  })

  test("sees two at once", () => {
    const verdict = judge((oracle) => {
      oracle.started("a", run, false)
      oracle.started("b", run, false)
    })
    expect(verdict).toEqual({ violations: 1, complaints: 1 })
  })

  test("excuses a run that stood still if its member finds out, and only then", () => {
    const overtaken = (oracle: RunOracle) => {
      oracle.started("a", run, false)
      oracle.froze("a")
      oracle.started("b", run, false)
      oracle.woke("a", true)
    }
    expect(judge(overtaken)).toEqual({ violations: 0, complaints: 1 })
    const verdict = judge((oracle) => {
      overtaken(oracle)
      oracle.fenced("a")
    })
    expect(verdict).toEqual({ violations: 0, complaints: 0 })
  })

  test("sees what a member begins once it woke up without what it had", () => {
    const verdict = judge((oracle) => {
      oracle.froze("a")
      oracle.woke("a", true)
      oracle.started("a", run, false)
    })
    expect(verdict).toEqual({ violations: 1, complaints: 1 })
  })

  test("excuses what it had begun before and could not tell, if it finds out", () => {
    const late = (oracle: RunOracle) => {
      oracle.froze("a")
      oracle.started("b", run, false)
      oracle.woke("a", true)
      oracle.started("a", run, true)
    }
    expect(judge(late)).toEqual({ violations: 0, complaints: 1 })
    const verdict = judge((oracle) => {
      late(oracle)
      oracle.ended("a", run, true)
    })
    expect(verdict).toEqual({ violations: 0, complaints: 0 })
  })
})
