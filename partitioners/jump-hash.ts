import { definePartitioner, jumpHash, xxHash32 } from "partymq"
import * as v from "valibot"

/**
 * Jump consistent hash (Lamping & Veach 2014) of the key's xxHash32 (seed 0) as a 64-bit integer.
 * Even at any number of partitions, no memory, and the fewest moves possible when partitions come
 * or go at the end; no weights. About 0.1 µs a look-up.
 */
export default definePartitioner({
  name: "jump-hash",
  options: v.strictObject({}),
  guarantees: { deterministic: true, balanced: true, movement: "minimal", weighted: false },
  create: (_options, partitions) => {
    const count = partitions.length
    return (key) => jumpHash(0, xxHash32(key), count)
  },
})
