import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/core/bounds.ts"
import {
  deadLetterQueue,
  differences,
  type Generation,
  generationLog,
  partitionQueue,
} from "../../src/core/generation.ts"

const recorded: Generation = {
  topic: "orders",
  group: "billing",
  generation: 1,
  partitions: 4,
  weights: [1, 1, 1, 2],
  partitioner: { name: "consistent-hash", options: { virtualNodes: 128, seed: 1 } },
  fingerprint: "abc",
  queue: { type: "quorum", maxLength: 10 },
}

describe("names in the broker", () => {
  test("are those that the interface promises", () => {
    expect(partitionQueue("orders", "billing", 1, 3)).toBe("partymq.orders.billing.g1.p3")
    expect(deadLetterQueue("orders")).toBe("partymq.orders.dlq")
    expect(generationLog("orders")).toBe("partymq.orders.generations")
  })

  test("fit the broker's limit for the longest topic, group and partition", () => {
    const longest = "n".repeat(bounds.nameLengthMax)
    const queue = partitionQueue(longest, longest, 1_000_000, bounds.partitionsMax - 1)
    expect(queue.length).toBeLessThanOrEqual(bounds.queueNameBytesMax)
  })
})

describe("the differences of two mappings", () => {
  test("are none for the record of the same, read back from JSON in another order", () => {
    const { queue, partitioner, ...rest } = recorded
    const options = { seed: 1, virtualNodes: 128 }
    const shuffled = { queue: { maxLength: 10, type: "quorum" }, ...rest }
    const wanted = { ...shuffled, partitioner: { ...partitioner, options } }
    expect(differences(recorded, JSON.parse(JSON.stringify(wanted)))).toEqual([])
    expect(queue).toEqual(wanted.queue)
  })

  const changes: readonly (readonly [Partial<Generation>, string])[] = [
    [{ partitions: 8 }, "partitions: recorded 4, configured 8"],
    [{ weights: [1, 1, 1, 1] }, "weights: recorded [1,1,1,2], configured [1,1,1,1]"],
    [
      { partitioner: { name: "jump-hash", options: recorded.partitioner.options } },
      'partitioner: recorded "consistent-hash", configured "jump-hash"',
    ],
    [
      { partitioner: { name: "consistent-hash", options: { virtualNodes: 64, seed: 1 } } },
      'partitioner options: recorded {"virtualNodes":128,"seed":1}, configured {"virtualNodes":64,"seed":1}',
    ],
    [
      { queue: { type: "classic", maxLength: 10 } },
      'queue: recorded {"type":"quorum","maxLength":10}, configured {"type":"classic","maxLength":10}',
    ],
    [
      { fingerprint: "abd" },
      'partitioner "consistent-hash" places keys differently from when it was recorded: its code has changed, or it does not answer alike in every process',
    ],
  ]
  for (const [change, line] of changes) {
    test(`say "${line}"`, () => {
      expect(differences(recorded, { ...recorded, ...change })).toEqual([line])
    })
  }

  test("name every setting that differs, and not the placement that follows from it", () => {
    const wanted = { ...recorded, partitions: 5, queue: {}, fingerprint: "other" }
    const named = differences(recorded, wanted).map((line) => line.split(":")[0])
    expect(named).toEqual(["partitions", "queue"])
  })

  test("show weights that only one of them has", () => {
    const { weights: _, ...without } = recorded
    expect(differences(recorded, without)).toEqual([
      "weights: recorded [1,1,1,2], configured undefined",
    ])
  })
})
