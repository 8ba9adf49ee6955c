import { definePartitioner, murmur2 } from "partymq"
import * as v from "valibot"

/**
 * Lands exactly where Kafka's default partitioner puts a record with the same key bytes:
 * `toPositive(murmur2(key)) % partitions`. For moving from or running beside Kafka; nearly every
 * key moves when the number of partitions changes.
 */
export default definePartitioner({
  name: "kafka-murmur2",
  options: v.strictObject({}),
  guarantees: { deterministic: true, balanced: true, movement: "any", weighted: false },
  create: (_options, partitions) => {
    const count = partitions.length
    return (key) => (murmur2(key) & 0x7fffffff) % count
  },
})
