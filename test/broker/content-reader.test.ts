import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { ContentReader, type Delivery } from "../../src/broker/content-reader.ts"
import { frameType } from "../../src/wire/frames.ts"
import { seed } from "../support/seed.ts"
import { fromHex, hex } from "../wire/property-list.ts"

/** A reader whose frames lie somewhere in a read, with other bytes before and behind them. */
function reading() {
  const deliveries: Delivery[] = []
  const settled: string[] = []
  const reader = new ContentReader({
    delivered: (delivery) => deliveries.push(delivery),
    confirmed: (tag, multiple) => settled.push(`ack ${tag} ${multiple}`),
    refused: (tag, multiple) => settled.push(`nack ${tag} ${multiple}`),
    returned: (key, { body }) => settled.push(`return ${key} ${hex(body)}`),
  })
  const read = (type: number, payload: Uint8Array): boolean => {
    const bytes = new Uint8Array(payload.length + 40).fill(0xff)
    bytes.set(payload, 13)
    const isTaken = reader.read(type, bytes, 13, payload.length)
    bytes.fill(0xaa)
    return isTaken
  }
  return { deliveries, settled, read }
}

const { method, header, body } = frameType
/** Consumer tag "c", tag 258, redelivered, exchange "", routing key "q". */
const deliver = fromHex("003c003c 0163 0000000000000102 01 00 0171")
const headerOf = (size: number, properties: string) =>
  fromHex(`003c 0000 ${size.toString(16).padStart(16, "0")} ${properties}`)

describe("a delivery", () => {
  test("is what its frames say, however its body is cut, and is there for good", () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 5 })
    const property = fc.property(pieces, (parts) => {
      const whole = Buffer.concat(parts)
      const { deliveries, read } = reading()
      expect(read(method, deliver)).toBe(true)
      expect(read(header, headerOf(whole.length, "1000 02"))).toBe(true)
      for (const part of parts) expect(read(body, part)).toBe(true)
      expect(deliveries).toHaveLength(1)
      expect(deliveries[0]).toMatchObject({ deliveryTag: 258, redelivered: true })
      expect(hex(deliveries[0]!.properties)).toBe("100002")
      expect(hex(deliveries[0]!.body)).toBe(hex(whole))
    })
    fc.assert(property, { seed, numRuns: 200 })
  })

  test("whose body is longer than announced is malformed", () => {
    const { deliveries, read } = reading()
    read(method, deliver)
    read(header, headerOf(3, "0000"))
    read(body, new Uint8Array(2))
    expect(() => read(body, new Uint8Array(2))).toThrow()
    expect(deliveries).toEqual([])
  })
})

describe("what the broker says of publishes", () => {
  const ack = fromHex("003c0050 0000000000000007 01")
  const nack = fromHex("003c0078 0000000000000008 00")
  const returned = fromHex("003c0032 0138 026e6f 0165 0171")

  test("is read with its tag, and returns with their queue", () => {
    const { settled, read } = reading()
    for (const each of [ack, nack]) expect(read(method, each)).toBe(true)
    read(method, returned)
    read(header, headerOf(1, "0000"))
    read(body, Uint8Array.of(9))
    expect(settled).toEqual(["ack 7 true", "nack 8 false", "return q 09"])
  })

  for (const [what, frame] of [
    ["deliver", deliver],
    ["ack", ack],
    ["nack", nack],
    ["return", returned],
  ] as const) {
    test(`a ${what} that is cut short is malformed, whatever lies behind it`, () => {
      // Of a delivery, exchange and routing key are not read.
      const end = what === "deliver" ? frame.length - 3 : frame.length
      for (let size = 4; size < end; size++) {
        expect(() => reading().read(method, frame.subarray(0, size))).toThrow()
      }
    })
  }
})

test("what is not content is left to the client", () => {
  const { read } = reading()
  expect(read(method, fromHex("0014 0029"))).toBe(false)
  expect(read(header, headerOf(0, "0000"))).toBe(false)
  expect(read(body, new Uint8Array(1))).toBe(false)
})
