import { definePartitioner, xxHash32 } from "partymq"
import * as v from "valibot"

/**
 * xxHash32 (seed 0) modulo the number of partitions: the simplest there is, and even. For people
 * who come from `x-modulus-hash`, and for groups that are never resized: nearly every key moves
 * then.
 */
export default definePartitioner({
  name: "modulus-hash",
  options: v.strictObject({}),
  guarantees: { deterministic: true, balanced: true, movement: "any", weighted: false },
  create: (_options, partitions) => {
    const count = partitions.length
    return (key) => xxHash32(key) % count
  },
})
