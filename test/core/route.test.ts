import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { bounds } from "../../src/core/bounds.ts"
import { InvalidKey, keyBytes, type PartitionKey } from "../../src/core/key.ts"
import { InvalidJson } from "../../src/core/message.ts"
import { messageView } from "../../src/core/message-view.ts"
import {
  type GroupRoute,
  groupRoute,
  type Routed,
  route,
  type TopicRoute,
} from "../../src/core/route.ts"
import { seed } from "../support/seed.ts"

const secret = "secret-of-the-message"
const message = messageView(new Uint8Array(2), new TextEncoder().encode(secret))

const group = (name: string, count: number, partition: GroupRoute["partition"]): GroupRoute =>
  groupRoute({
    group: name,
    generation: 3,
    partition,
    queues: Array.from({ length: count }, (_, index) => `${name}.p${index}`),
  })

const topic = (changes: Partial<TopicRoute> = {}): TopicRoute => ({
  topic: "orders",
  extractKey: () => "k",
  onMissingKey: "dead-letter",
  groups: [group("one", 4, () => 3), group("two", 2, (key) => key.length % 2)],
  ...changes,
})

test("what is done to an outcome misplaces no other message", () => {
  const [own] = (route(topic(), message, undefined, () => 0) as Routed).placements
  expect(() => Object.assign(own!, { queue: "mine" })).toThrow(TypeError)
})

const noTurn = (): number => {
  throw new Error("a message with a key takes no turn")
}
const decide = (changes: Partial<TopicRoute>, turn = noTurn, given?: PartitionKey) =>
  route(topic(changes), message, given, turn)
const throwing = (thrown: unknown) => () => {
  throw thrown
}

describe("a message with a key", () => {
  test("goes to one partition of each group, in the topic's order", () => {
    expect(decide({})).toEqual({
      kind: "routed",
      key: keyBytes("k")!,
      placements: [
        { group: "one", generation: 3, partition: 3, queue: "one.p3" },
        { group: "two", generation: 3, partition: 1, queue: "two.p1" },
      ],
    })
  })

  test("may have it set outright; the extractor is not asked then", () => {
    const outcome = decide({ extractKey: throwing(new Error()) }, noTurn, keyBytes("given"))
    expect(outcome).toMatchObject({ kind: "routed", key: keyBytes("given")! })
  })

  test("gets a canonical one from any value that an extractor finds", () => {
    for (const value of [42, 42n, "42", new TextEncoder().encode("42")]) {
      expect(decide({ extractKey: () => value })).toMatchObject({ key: keyBytes("42")! })
    }
  })

  test("may have one as long as is allowed, and no longer", () => {
    const ofLength = (length: number) => decide({ extractKey: () => "k".repeat(length) })
    expect(ofLength(bounds.keyBytesMax).kind).toBe("routed")
    expect(ofLength(bounds.keyBytesMax + 1)).toEqual({
      kind: "rejected",
      reason: "invalid_key",
      detail: "the key is 4097 bytes, 4096 are allowed",
    })
  })
})

describe("a message without a key", () => {
  for (const [what, value] of [
    ["undefined", undefined],
    ["an empty string", ""],
    ["no bytes", new Uint8Array(0)],
  ] as const) {
    test(`is rejected when the extractor finds ${what}`, () => {
      expect(decide({ extractKey: () => value })).toEqual({
        kind: "rejected",
        reason: "missing_key",
        detail: 'no key extractor of topic "orders" found a key',
      })
    })
  }

  test("gets the substitute key if there is one", () => {
    const outcome = decide({ extractKey: () => undefined, onMissingKey: { key: "é" } })
    expect(outcome).toMatchObject({ kind: "routed", key: keyBytes("é")! })
  })

  test("is spread evenly over the partitions of each group if so configured", () => {
    let turn = 0
    const spread = () =>
      decide({ extractKey: () => undefined, onMissingKey: "spread" }, () => turn++)
    const outcomes = Array.from({ length: 8 }, spread)
    const partitions = outcomes.map((outcome) => {
      if (outcome.kind !== "routed") throw new Error(outcome.detail)
      expect(outcome.key).toBeUndefined()
      return outcome.placements.map(({ partition }) => partition)
    })
    expect(partitions.map(([one]) => one)).toEqual([0, 1, 2, 3, 0, 1, 2, 3])
    expect(partitions.map(([, two]) => two)).toEqual([0, 1, 0, 1, 0, 1, 0, 1])
  })
})

describe("a message that cannot be routed", () => {
  test("is rejected with the reason when its key or body is invalid", () => {
    for (const [thrown, reason] of [
      [new InvalidKey("bad key"), "invalid_key"],
      [new InvalidJson("bad body"), "invalid_json"],
    ] as const) {
      const outcome = decide({ extractKey: throwing(thrown) })
      expect(outcome).toEqual({ kind: "rejected", reason, detail: thrown.message })
    }
  })

  test("is rejected whatever a plugin throws or returns, without being quoted", () => {
    const anything = fc.constantFrom<unknown>(
      ...[new Error(secret), new TypeError(secret), secret, { secret }, [secret]],
      ...[undefined, null, Symbol(secret), Number.NaN, 1.5, -1, 4, 1e300, 2n, () => secret],
    )
    const property = fc.property(anything, fc.boolean(), fc.boolean(), (value, isThrown, inKey) => {
      const plugin = (isThrown ? throwing(value) : () => value) as () => never
      const outcome = decide(inKey ? { extractKey: plugin } : { groups: [group("g", 4, plugin)] })
      if (outcome.kind === "rejected") {
        expect(outcome.detail).not.toContain(secret)
        const reasons = inKey ? ["plugin_error", "invalid_key", "missing_key"] : ["plugin_error"]
        expect(reasons).toContain(outcome.reason)
        if (isThrown) expect(outcome.reason).toBe("plugin_error")
      } else expect(inKey && !isThrown).toBe(true)
    })
    fc.assert(property, { seed, numRuns: 300 })
  })

  for (const partition of [-1, 4, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32]) {
    test(`is rejected for partition ${partition} of 4`, () => {
      expect(decide({ groups: [group("one", 4, () => partition)] })).toEqual({
        kind: "rejected",
        reason: "plugin_error",
        detail: `the partitioner of group "one" returned ${partition}, 0 to 3 are allowed`,
      })
    })
  }

  test("goes where it belongs though a partitioner writes to the key", () => {
    const given = keyBytes("key") as PartitionKey
    const writing = group("one", 4, (key) => key.fill(0).length % 4)
    const reading = group("two", 256, (key) => key[0]!)
    expect(decide({ groups: [writing, reading] }, noTurn, given)).toMatchObject({
      key: keyBytes("key"),
      placements: [{ partition: 3 }, { partition: "k".charCodeAt(0) }],
    })
    const asBuffer = { extractKey: () => Buffer.from("key"), groups: [writing, reading] }
    expect(decide(asBuffer)).toMatchObject({ placements: [{}, { partition: "k".charCodeAt(0) }] })
  })

  test("is rejected for all groups if one partitioner fails", () => {
    const groups = [group("one", 4, () => 0), group("two", 4, throwing(new RangeError(secret)))]
    expect(decide({ groups })).toEqual({
      kind: "rejected",
      reason: "plugin_error",
      detail: 'the partitioner of group "two" threw RangeError',
    })
  })
})
