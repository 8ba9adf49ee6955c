import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { ackFrame, ContentFrames, headerFits, publishFrame } from "../../src/wire/frames.ts"
import { seed } from "../support/seed.ts"
import { fromHex, hex } from "./property-list.ts"

interface Frame {
  readonly type: number
  readonly channel: number
  readonly payload: Uint8Array
}

/** Takes a stream apart as a broker would; throws on anything that is not a frame. */
function framesOf(stream: Uint8Array, frameMax: number): Frame[] {
  const frames: Frame[] = []
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength)
  for (let at = 0; at < stream.length; ) {
    const size = view.getUint32(at + 3)
    const end = at + 7 + size
    if (size + 8 > frameMax)
      throw new Error(`a frame of ${size + 8} bytes, ${frameMax} are allowed`)
    if (view.getUint8(end) !== 0xce) throw new Error(`no frame end at ${end}`)
    const payload = stream.subarray(at + 7, end)
    frames.push({ type: view.getUint8(at), channel: view.getUint16(at + 1), payload })
    at = end + 1
  }
  return frames
}

/** All of them, as a socket gets them. */
function written(frames: ContentFrames): Uint8Array {
  const stream = new Uint8Array(4096)
  let end = 0
  while (!frames.isWritten) end = frames.writeNext(stream, end)
  return stream.subarray(0, end)
}

const method = publishFrame(7, "q")
const properties = fromHex("1000 02")

describe("ContentFrames", () => {
  test("carry the method, the properties and the body, each frame within the limit", () => {
    const property = fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 30 }),
      fc.integer({ min: 50, max: 120 }),
      (body, list, frameMax) => {
        const frames = framesOf(
          written(new ContentFrames(7, method, list, body, frameMax)),
          frameMax,
        )
        const [first, header, ...rest] = frames
        expect(frames.map(({ channel }) => channel)).toEqual(frames.map(() => 7))
        expect(hex(first!.payload)).toBe(hex(method.subarray(7, -1)))
        expect([first!.type, header!.type]).toEqual([1, 2])
        const sizeBytes = body.length.toString(16).padStart(16, "0")
        expect(hex(header!.payload)).toBe(`003c0000${sizeBytes}${hex(list)}`)
        expect(rest.every(({ type }) => type === 3)).toBe(true)
        expect(rest.length).toBe(Math.ceil(body.length / (frameMax - 8)))
        expect(Buffer.concat(rest.map(({ payload }) => payload)).equals(body)).toBe(true)
      },
    )
    fc.assert(property, { seed, numRuns: 500 })
  })

  test("split a body exactly at the limit", () => {
    for (const [size, frames] of [
      [0, 0],
      [1, 1],
      [92, 1],
      [93, 2],
      [184, 2],
      [185, 3],
    ] as const) {
      const body = new Uint8Array(size).fill(0xce)
      const stream = written(new ContentFrames(1, method, properties, body, 100))
      expect(framesOf(stream, 100).length).toBe(2 + frames)
    }
  })

  test("have no body frame for an empty body", () => {
    const stream = written(new ContentFrames(1, method, properties, new Uint8Array(0), 4096))
    const header = "02 0001 0000000f 003c 0000 0000000000000000 100002 ce"
    expect(hex(stream)).toBe(hex(method) + hex(fromHex(header)))
  })
})

describe("publishFrame", () => {
  test("is a mandatory publish to the default exchange", () => {
    const payload = "003c 0028 0000 00 03 712e31 01"
    expect(hex(publishFrame(3, "q.1"))).toBe(hex(fromHex(`01 0003 0000000c ${payload} ce`)))
  })

  test("refuses a queue name over 255 bytes", () => {
    expect(() => publishFrame(1, "q".repeat(256))).toThrow(RangeError)
  })
})

describe("ackFrame", () => {
  test("holds 64-bit tags and the multiple flag", () => {
    const payload = "003c 0050 0000000100000002 01"
    expect(hex(ackFrame(3, 2 ** 32 + 2, true))).toBe(hex(fromHex(`01 0003 0000000d ${payload} ce`)))
    expect(hex(ackFrame(3, 1, false)).slice(-4)).toBe("00ce")
  })
})

describe("headerFits", () => {
  test("counts the whole frame", () => {
    expect(headerFits(new Uint8Array(80), 100)).toBe(true)
    expect(headerFits(new Uint8Array(81), 100)).toBe(false)
  })
})
