import { expect, test } from "bun:test"
import fc from "fast-check"
import { ByteWriter } from "../../src/wire/byte-writer.ts"
import { seed } from "../support/seed.ts"
import { hex } from "./property-list.ts"

test("integers are big-endian, up to 2^53", () => {
  const writer = new ByteWriter()
  writer.octet(1)
  writer.uint16(0x0203)
  writer.uint32(0xfffefdfc)
  writer.uint64(Number.MAX_SAFE_INTEGER)
  expect(hex(writer.take())).toBe("010203fffefdfc001fffffffffffff")
})

test("texts are UTF-8 with their size, whatever their letters and length", () => {
  const writer = new ByteWriter()
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.string({ unit: "binary-ascii", maxLength: 300 }),
    fc.constantFrom("", "x".repeat(64), `${"x".repeat(63)}€`, `${"x".repeat(64)}\u{1f600}`),
  )
  const property = fc.property(text, (given) => {
    const utf8 = Buffer.from(given)
    writer.longText(given)
    const size = utf8.length.toString(16).padStart(8, "0")
    expect(hex(writer.take())).toBe(size + hex(utf8))
    if (utf8.length > 255) expect(() => writer.shortText(given)).toThrow(RangeError)
    else {
      writer.shortText(given)
      expect(hex(writer.take())).toBe(size.slice(6) + hex(utf8))
    }
    writer.reset()
  })
  fc.assert(property, { seed, numRuns: 500 })
})

test("what was taken stays as it is when the next is written", () => {
  const writer = new ByteWriter()
  writer.bytes(Uint8Array.of(1, 2))
  const taken = writer.take()
  writer.bytes(new Uint8Array(5_000).fill(9))
  expect(hex(taken)).toBe("0102")
  expect(writer.take()).toEqual(new Uint8Array(5_000).fill(9))
})
