import { randomInt } from "node:crypto"

/** Reproducible randomness of one test. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** An integer in [0, below). */
  integer(below: number): number
  /** One of a list that is not empty. */
  pick<Item>(items: readonly Item[]): Item
  /** A copy in another order. */
  shuffle<Item>(items: readonly Item[]): Item[]
}

/** The run's seed: `PARTYMQ_TEST_SEED`, else a new one. Also for fast-check's `seed`. */
export const seed = Number(process.env.PARTYMQ_TEST_SEED || randomInt(2 ** 31))

/**
 * A test's body with randomness that starts from the run's seed; a failure says which that was.
 * `test("sentence", seeded(async (random) => { ... }))`
 */
export function seeded(body: (random: Random) => unknown): () => Promise<void> {
  return async () => {
    try {
      await body(randomFrom(seed))
    } catch (error) {
      console.error(`to repeat this failure: PARTYMQ_TEST_SEED=${seed}`)
      throw error
    }
  }
}

/** SplitMix32: a counter in steps of 2^32 / phi, through MurmurHash3's 32-bit finaliser. */
export function randomFrom(start: number): Random {
  let state = start | 0
  const next = () => {
    state = (state + 0x9e3779b9) | 0
    let bits = state
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32
  }
  const integer = (below: number) => Math.floor(next() * below)
  return {
    next,
    integer,
    pick: (items) => items[integer(items.length)]!,
    shuffle: (items) => {
      const shuffled = [...items]
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = integer(last + 1)
        ;[shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!]
      }
      return shuffled
    },
  }
}
