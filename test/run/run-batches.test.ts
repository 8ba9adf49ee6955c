import { expect, test } from "bun:test"
import { runBatches } from "./run-batches.ts"

test("every batch runs once, in order, and no place is idle while one waits", async () => {
  const ends: (() => void)[] = []
  const begun: string[] = []
  const isBusy = new Set<string>()
  const running = runBatches(["1", "2", "3", "4"], ["a", "b"], async (batch, place) => {
    expect(isBusy.has(place)).toBe(false)
    isBusy.add(place)
    begun.push(`${batch}${place}`)
    await new Promise<void>((resolve) => ends.push(resolve))
    isBusy.delete(place)
    return batch
  })
  expect(begun).toEqual(["1a", "2b"])
  for (const next of ["3b", "4b"]) {
    ends.at(-1)!()
    await Bun.sleep(0)
    expect(begun.at(-1)).toBe(next)
  }
  ends[0]!()
  ends.at(-1)!()
  expect((await running).toSorted()).toEqual(["1", "2", "3", "4"])
  expect(begun).toHaveLength(4)
})
