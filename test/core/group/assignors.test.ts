import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { Assignor, MemberId, Owners } from "../../../src/core/group/assignor.ts"
import { range } from "../../../src/core/group/range.ts"
import { sticky } from "../../../src/core/group/sticky.ts"
import { seed } from "../../support/seed.ts"

const member = fc.integer({ min: 0, max: 15 }).map((n) => `m${n}`)
const members = fc.uniqueArray(member, { minLength: 1, maxLength: 12 })
const owners = fc.array(fc.option(member, { nil: undefined }), { minLength: 1, maxLength: 70 })
const runs = { seed, numRuns: 2_000 }

const sizes = (assigned: Owners, of: readonly MemberId[]): number[] =>
  of.map((each) => assigned.filter((owner) => owner === each).length)

const moves = (before: Owners, after: Owners): number =>
  after.filter((owner, partition) => owner !== before[partition]).length

const assignors: readonly (readonly [string, Assignor])[] = [
  ["sticky", sticky],
  ["range", range],
]

for (const [name, assignor] of assignors) {
  describe(name, () => {
    test("gives every partition to a member, as many to each as to any other, give or take one", () => {
      const property = fc.property(owners, members, (before, all) => {
        const after = assignor.assign(before, all)
        expect(after).toHaveLength(before.length)
        for (const owner of after) expect(all).toContain(owner!)
        const counts = sizes(after, all)
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      })
      fc.assert(property, runs)
    })

    test("answers the same in whatever order the members are named", () => {
      const property = fc.property(owners, members, fc.gen(), (before, all, gen) => {
        const shuffled = gen(fc.shuffledSubarray, all, { minLength: all.length })
        expect(assignor.assign(before, shuffled)).toEqual(assignor.assign(before, all))
      })
      fc.assert(property, { seed, numRuns: 200 })
    })

    test("has nothing more to move once it has decided", () => {
      const property = fc.property(owners, members, (before, all) => {
        const after = assignor.assign(before, all)
        expect(assignor.assign(after, all)).toEqual(after)
      })
      fc.assert(property, runs)
    })

    test("gives nothing to anybody when there is nobody", () => {
      expect(assignor.assign(["a", undefined], [])).toEqual([undefined, undefined])
    })
  })
}

describe("sticky", () => {
  test("moves no more than the best of all balanced assignments", () => {
    const property = fc.property(
      fc.array(fc.option(fc.constantFrom("a", "b", "c", "gone"), { nil: undefined }), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 }),
      (before, all) => {
        const best = Math.min(...balanced(before.length, all).map((each) => moves(before, each)))
        expect(moves(before, sticky.assign(before, all))).toBe(best)
      },
    )
    fc.assert(property, { seed, numRuns: 300 })
  })

  test("a member that joins takes its share and nothing else moves", () => {
    const before = sticky.assign(Array(64).fill(undefined), ["a", "b", "c"])
    const after = sticky.assign(before, ["a", "b", "c", "d"])
    expect(moves(before, after)).toBe(16)
    expect(sizes(after, ["d"])).toEqual([16])
  })

  test("a member that leaves leaves the others with what they had", () => {
    const before = sticky.assign(Array(64).fill(undefined), ["a", "b", "c", "d"])
    const after = sticky.assign(before, ["a", "b", "d"])
    for (const [partition, owner] of before.entries()) {
      if (owner !== "c") expect(after[partition]).toBe(owner!)
    }
  })
})

test("range gives neighbours to each, in the order of the names", () => {
  expect(range.assign(Array(7).fill("x"), ["b", "c", "a"])).toEqual([..."aaabbcc"])
})

/** Every balanced assignment there is. */
function balanced(count: number, all: readonly MemberId[]): Owners[] {
  let found: MemberId[][] = [[]]
  for (let partition = 0; partition < count; partition++) {
    found = found.flatMap((begun) => all.map((each) => [...begun, each]))
  }
  return found.filter((each) => {
    const counts = sizes(each, all)
    return Math.max(...counts) - Math.min(...counts) <= 1
  })
}
