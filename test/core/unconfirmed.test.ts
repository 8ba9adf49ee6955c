import { expect, test } from "bun:test"
import fc from "fast-check"
import type { Parcel } from "../../src/core/parcel.ts"
import { Unconfirmed } from "../../src/core/unconfirmed.ts"
import { seed } from "../support/seed.ts"

const parcel = (tag: number) => ({ seq: tag }) as Parcel
const tagsOf = (parcels: readonly Parcel[]) => parcels.map(({ seq }) => seq)

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("push" as const) }),
    fc.record({ kind: fc.constant("assume" as const) }),
    fc.record({ kind: fc.constant("settle" as const), nth: fc.nat(), multiple: fc.boolean() }),
  ),
  { maxLength: 60 },
)

test("what the broker has come to is what was sent before something that it answered, or that is assumed", () => {
  const property = fc.property(steps, (all) => {
    const unconfirmed = new Unconfirmed()
    let open: number[] = []
    let [sent, answered, assumed] = [0, 0, 0]
    for (const step of all) {
      if (step.kind === "push") unconfirmed.push(parcel(++sent))
      else if (step.kind === "assume") {
        unconfirmed.assumeTakenIn()
        assumed = sent
      } else if (sent > 0) {
        const tag = 1 + (step.nth % sent)
        const isSettled = (each: number) => each === tag || (step.multiple && each < tag)
        const expected = open.filter(isSettled)
        const settled: Parcel[] = []
        unconfirmed.settle(tag, step.multiple, (each) => settled.push(each))
        expect(tagsOf(settled)).toEqual(expected)
        open = open.filter((each) => !isSettled(each))
        answered = Math.max(answered, tag)
      }
      if (step.kind === "push") open.push(sent)
      const takenIn = Math.max(answered, assumed)
      expect(unconfirmed.size).toBe(open.length)
      expect(tagsOf(unconfirmed.accused)).toEqual(open.filter((tag) => tag > answered))
      expect(tagsOf(unconfirmed.takenIn)).toEqual(open.filter((tag) => tag <= takenIn))
      expect(unconfirmed.pending).toBe(open.filter((tag) => tag > takenIn).length)
    }
  })
  fc.assert(property, { seed, numRuns: 300 })
})
