import { describe, expect, test } from "bun:test"
import { messageView } from "../../../src/core/message-view.ts"
import { onlyGroup, pulledKey } from "../../../src/core/pull/pulled-key.ts"
import { groupRoute, type TopicRoute } from "../../../src/core/route.ts"
import { encodeProperties } from "../../../src/wire/properties.ts"

const encoder = new TextEncoder()

/** The first letter of a key is its partition. */
const group = groupRoute({
  group: "g",
  generation: 1,
  partition: (key: Uint8Array) => key[0]! - 0x30,
  queues: ["q0", "q1", "q2"],
})

const topic = (onMissingKey: TopicRoute["onMissingKey"] = "dead-letter"): TopicRoute =>
  onlyGroup(
    {
      topic: "t",
      extractKey: (message) => message.headerKey("k"),
      onMissingKey,
      groups: [{ ...group, partition: () => 9 }, group],
    },
    group,
  )

const message = (headers: { readonly [name: string]: string }) =>
  messageView(encodeProperties({ headers: Object.entries(headers) }), new Uint8Array(0))

const shown = ({ key, exclusive }: ReturnType<typeof pulledKey>) => [
  key && new TextDecoder().decode(key),
  exclusive.length,
]

describe("a message's key is", () => {
  test("what the extractors find", () => {
    expect(shown(pulledKey(topic(), 1, message({ k: "1a" })))).toEqual(["1a", 1])
  })

  test("what its producer set, where that leads to its partition", () => {
    const given = message({ "x-partymq-key": "1g", k: "2a" })
    expect(shown(pulledKey(topic(), 1, given))).toEqual(["1g", 1])
  })

  test("what the extractors find, where a header that was made up leads elsewhere", () => {
    const forged = message({ "x-partymq-key": "2g", k: "1a" })
    expect(shown(pulledKey(topic(), 1, forged))).toEqual(["1a", 1])
  })

  test("both, where both lead to its partition", () => {
    const both = pulledKey(topic(), 1, message({ "x-partymq-key": "1g", k: "1a" }))
    expect(shown(both)).toEqual(["1g", 2])
    const { exclusive } = pulledKey(topic(), 1, message({ k: "1a" }))
    expect(both.exclusive).toContain(exclusive[0]!)
  })

  test("the topic's for messages without", () => {
    expect(shown(pulledKey(topic({ key: "0fixed" }), 0, message({})))).toEqual(["0fixed", 1])
  })

  test("none, where such messages are spread", () => {
    expect(shown(pulledKey(topic("spread"), 2, message({})))).toEqual([undefined, 0])
    const forged = message({ "x-partymq-key": "1g" })
    expect(shown(pulledKey(topic("spread"), 2, forged))).toEqual([undefined, 0])
  })

  test("one for all that did not come by the routes of now", () => {
    const strangers = [
      message({}),
      message({ k: "2a" }),
      message({ k: "x" }),
      message({ "x-partymq-key": "2g" }),
      messageView(Uint8Array.of(0x20, 0, 0, 0, 0, 9), new Uint8Array(0)),
    ].map((each) => pulledKey(topic(), 1, each))
    for (const stranger of strangers) expect(shown(stranger)).toEqual([undefined, 1])
    expect(new Set(strangers.flatMap(({ exclusive }) => exclusive)).size).toBe(1)
    const { exclusive } = pulledKey(topic(), 1, message({ k: "1?" }))
    expect(strangers[0]!.exclusive).not.toEqual(exclusive)
  })
})

test("keys that differ in a byte are different, whatever text they are", () => {
  const exclusive = [Uint8Array.of(0x31, 0xff), encoder.encode("1ÿ")].map((key) => {
    const view = { ...message({}), headerKey: (name: string) => (name === "k" ? key : undefined) }
    return pulledKey(topic(), 1, view as never).exclusive[0]
  })
  expect(exclusive[0]).not.toBe(exclusive[1])
})
