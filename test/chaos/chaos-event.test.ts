import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/core/bounds.ts"
import { forwardable } from "../../src/wire/forwardable.ts"
import { removeHeaders } from "../../src/wire/headers.ts"
import { randomFrom } from "../support/seed.ts"
import { eventIn, isIntact, makeEvent, propertiesOf } from "./chaos-event.ts"
import { dresses } from "./dress.ts"
import { sortedHeaders } from "./sorted-headers.ts"

const deliveryOf = (properties: Uint8Array, body: Uint8Array) => ({
  ...{ deliveryTag: 1, redelivered: false, exchange: "", routingKey: "" },
  ...{ properties, body },
})

describe("an event", () => {
  for (const place of ["header", "body", "missing", "broken"] as const) {
    test(`with its key in "${place}" is recognised, and seen to be altered`, () => {
      const event = makeEvent(place, "p.1", 7, randomFrom(1))
      const properties = propertiesOf(event)
      const intact = deliveryOf(properties, event.body)
      const found = eventIn(intact)!
      expect(found).toEqual(event)
      expect(isIntact(found, intact)).toBe(true)
      const otherBody = event.body.slice()
      otherBody[0]! ^= 1
      const otherProperties = propertiesOf({ ...event, contentType: "text/plain" })
      for (const altered of [
        deliveryOf(properties, otherBody),
        deliveryOf(properties, event.body.subarray(1)),
        deliveryOf(otherProperties, event.body),
      ]) {
        expect(isIntact(eventIn(altered)!, altered)).toBe(false)
      }
    })
  }

  for (const dress of dresses) {
    test(`that is dressed as "${dress}" is intact when it arrives as documented, and only then`, () => {
      const event = makeEvent("header", "d.1", 3, randomFrom(2), { dress })
      const taken = removeHeaders(propertiesOf(event), (name) => name === "BCC") // by the broker
      const passed = forwardable(taken, bounds.frameBytesMax)
      const found = eventIn(deliveryOf(passed, event.body))!
      expect(found).toEqual(event)
      expect(isIntact(found, deliveryOf(passed, event.body))).toBe(true)
      expect(isIntact(found, deliveryOf(sortedHeaders(passed), event.body))).toBe(true)
      const plain = propertiesOf({ ...event, dress: undefined })
      expect(isIntact(found, deliveryOf(plain, event.body))).toBe(false)
      if (dress !== "wide") expect(isIntact(found, deliveryOf(taken, event.body))).toBe(false)
    })
  }

  test("without an id of ours is nobody's", () => {
    expect(eventIn(deliveryOf(new Uint8Array(2), new Uint8Array(0)))).toBeUndefined()
  })
})
