import { describe, expect, test } from "bun:test"
import { HandOverTurns } from "../../src/client/hand-over-turns.ts"
import { until } from "../support/until.ts"

/** Turns of partitions that are due until they are begun with, or taken out of `due`. */
function someTurns(due: Set<number>) {
  const begun: number[] = []
  const turns = new HandOverTurns<number>({
    due: () => [...due],
    begin(partition) {
      due.delete(partition)
      begun.push(partition)
    },
  })
  return { turns, begun }
}

describe("turns of partitions that are given back", () => {
  test("begin at once and go one after another", async () => {
    const due = new Set([1, 2, 3])
    const { turns, begun } = someTurns(due)
    turns.start()
    turns.start()
    expect(begun).toEqual([1])
    await until(() => due.size === 0, { what: "all to have had their turn" })
    expect(begun).toEqual([1, 2, 3])
  })

  test("pass over what is not to be given back after all, and take in what has come to be", async () => {
    const due = new Set([1, 2])
    const { turns, begun } = someTurns(due)
    turns.start()
    due.delete(2)
    due.add(3)
    await until(() => due.size === 0, { what: "what is due to have had its turn" })
    expect(begun).toEqual([1, 3])
    due.add(2)
    turns.start()
    await until(() => due.size === 0, { what: "what is due again to have had its turn" })
    expect(begun).toEqual([1, 3, 2])
  })
})
