import { describe, expect, test } from "bun:test"
import * as v from "valibot"
import { consumedMessage, deliveryView } from "../../src/client/consumed-message.ts"
import { InvalidMessage } from "../../src/client/index.ts"
import { isHopeless, poisonOf } from "../../src/client/poison.ts"
import { appendHeaders } from "../../src/wire/headers.ts"
import { encodeProperties } from "../../src/wire/properties.ts"

const place = { topic: "t", group: "g", partition: 3, queue: "partymq.t.g.g1.p3" }
const queueType = "quorum"

function message(body: string, { redelivered = false, headers = [] as [string, string][] } = {}) {
  const list = encodeProperties({ messageId: "m-1", deliveryMode: 2, timestamp: 60 })
  const properties = appendHeaders(list, headers)
  const delivery = { deliveryTag: 1, redelivered, properties, body: Buffer.from(body) }
  return consumedMessage(
    { ...place, queueType },
    delivery,
    deliveryView(delivery),
    Buffer.from("c-42"),
  )
}

describe("a message", () => {
  test("says where it was found, its key, headers and properties", () => {
    const found = message("{}", { headers: [["x-a", "1"]] })
    expect(found).toMatchObject({ ...place, keyText: "c-42", headers: { "x-a": "1" } })
    expect(found.properties).toEqual({
      messageId: "m-1",
      deliveryMode: 2,
      timestamp: new Date(60_000),
    })
  })

  test("says that it was delivered before, and shows no header of the broker's", () => {
    const counted: [string, string][] = [
      ["x-a", "1"],
      ["x-delivery-count", "4"],
    ]
    expect(message("", { redelivered: true, headers: counted }).headers).toEqual({ "x-a": "1" })
    expect([message("").deliveryCount, message("", { redelivered: true }).deliveryCount]).toEqual([
      1, 2,
    ])
  })

  test("is read by a schema, with its type", () => {
    const order = v.object({ total: v.number() })
    const { total } = message('{"total":12.5}').json(order)
    expect(total satisfies number).toBe(12.5)
    const read = () => message('{"total":"much"}').json(order)
    expect(read).toThrow(InvalidMessage)
    expect(read).toThrow(/^total: /)
  })

  test("that cannot be read is not tried again, nor is one whose error says so", () => {
    for (const body of ["no JSON", '{"total":1}']) {
      let error: unknown
      try {
        message(body).json(v.object({ other: v.string() }))
      } catch (thrown) {
        error = thrown
      }
      expect(isHopeless(error)).toBe(true)
    }
    expect(isHopeless(Object.assign(new Error("no"), { retriable: false }))).toBe(true)
    expect([isHopeless(new Error("once more")), isHopeless(undefined)]).toEqual([false, false])
  })

  test("says in its dead letter what its handler failed with, and not all of a long story", () => {
    expect(poisonOf(new RangeError("too far"), 1).detail).toBe(
      "the handler failed once with RangeError: too far",
    )
    expect(poisonOf(new Error("x".repeat(9_000)), 5).detail.length).toBeLessThan(400)
    expect(poisonOf("text", 2).detail).toBe("the handler failed 2 times, at last with a string")
  })
})
