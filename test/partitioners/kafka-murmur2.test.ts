import { expect, test } from "bun:test"
import kafkaMurmur2 from "../../partitioners/kafka-murmur2.ts"
import { keyBytes } from "../../src/core/key.ts"
import { partitionSet } from "../../src/plugin/partition-set.ts"

test("lands where Kafka does: the lower 31 bits of murmur2, modulo the partitions", () => {
  const positives: [string, number][] = [
    ["21", 1173551340],
    ["foobar", 1357151166],
    ["a-little-bit-long-string", 1161502112],
    ["a-little-bit-longer-string", 661178819],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", 2088585677],
    ["abc", 479470107],
  ]
  for (const count of [1, 3, 10, 64, 1000]) {
    const partition = kafkaMurmur2.create({}, partitionSet(count))
    for (const [key, positive] of positives) {
      expect([key, count, partition(keyBytes(key)!)]).toEqual([key, count, positive % count])
    }
  }
})
