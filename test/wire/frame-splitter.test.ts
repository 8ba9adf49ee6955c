import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { FrameSplitter } from "../../src/wire/frame-splitter.ts"
import { seed } from "../support/seed.ts"
import { hex } from "./property-list.ts"

const frameBytesMax = 5_000

function frame(payload: Uint8Array, end = 0xce): Uint8Array {
  const bytes = new Uint8Array(payload.length + 8)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, 3)
  view.setUint16(1, 7)
  view.setUint32(3, payload.length)
  bytes.set(payload, 7)
  bytes[bytes.length - 1] = end
  return bytes
}

/** Frames as they are passed on, copied in the call, since their bytes are lent for that long only. */
function splitting(): { splitter: FrameSplitter; frames: string[] } {
  const frames: string[] = []
  const splitter = new FrameSplitter(frameBytesMax, (bytes, at, size) => {
    frames.push(hex(bytes.subarray(at, at + size)))
  })
  return { splitter, frames }
}

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.integer({ min: 0, max: frameBytesMax - 8 }).map((size) => new Uint8Array(size).fill(0xce)),
)

describe("a stream of frames", () => {
  test("comes out frame by frame, wherever the reads were cut, in a read's buffer that is used again", () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 30 })
    const property = fc.property(fc.array(payload, { maxLength: 12 }), cuts, (payloads, sizes) => {
      const sent = payloads.map((each) => frame(each))
      const stream = Buffer.concat(sent)
      const { splitter, frames } = splitting()
      const read = new Uint8Array(2_100)
      for (let at = 0, n = 0; at < stream.length; n++) {
        const size = Math.min(sizes[n % sizes.length]!, stream.length - at)
        const start = n % 100
        read.set(stream.subarray(at, at + size), start)
        splitter.split(read.subarray(start, start + size))
        read.fill(0xaa)
        at += size
      }
      expect(frames).toEqual(sent.map(hex))
    })
    fc.assert(property, { seed, numRuns: 300 })
  })

  test("comes out whole, however large frames and reads are", () => {
    const size = fc.oneof(fc.nat(50), fc.nat(120_000))
    const cut = fc.oneof(fc.integer({ min: 500, max: 2_000 }), fc.integer({ min: 1, max: 90_000 }))
    const sizes = fc.array(size, { maxLength: 6 })
    const cuts = fc.array(cut, { minLength: 1, maxLength: 6 })
    const property = fc.property(sizes, cuts, (ofFrames, ofReads) => {
      const sent = ofFrames.map((length, n) => frame(new Uint8Array(length).fill(n + 1)))
      const stream = Buffer.concat(sent)
      const passed: bigint[] = []
      const splitter = new FrameSplitter(131_072, (bytes, at, length) => {
        passed.push(Bun.hash.wyhash(bytes.subarray(at, at + length)))
      })
      for (let at = 0, n = 0; at < stream.length; n++) {
        const length = Math.max(500, ofReads[n % ofReads.length]!)
        splitter.split(stream.subarray(at, at + length))
        at += length
      }
      expect(passed).toEqual(sent.map((each) => Bun.hash.wyhash(each)))
    })
    fc.assert(property, { seed, numRuns: 200 })
  })

  test("comes out byte by byte too", () => {
    const sent = [frame(Uint8Array.of(1, 2, 3)), frame(new Uint8Array(0)), frame(new Uint8Array(9))]
    const { splitter, frames } = splitting()
    for (const byte of Buffer.concat(sent)) splitter.split(Uint8Array.of(byte))
    expect(frames).toEqual(sent.map(hex))
  })
})

test("a frame over which its listener throws is not passed on again", () => {
  let passed = 0
  const splitter = new FrameSplitter(frameBytesMax, () => {
    passed += 1
    if (passed === 1) throw new Error("not this one")
  })
  const one = frame(Uint8Array.of(1))
  expect(() => splitter.split(Buffer.concat([one, one]))).toThrow("not this one")
  splitter.split(one)
  expect(passed).toBe(3)
})

describe("what is no frame", () => {
  const tooLarge = frame(new Uint8Array(frameBytesMax - 7))
  const withoutEnd = frame(Uint8Array.of(1, 2, 3), 0)
  for (const [what, bytes] of [
    ["over the size allowed", tooLarge],
    ["without its end", withoutEnd],
  ] as const) {
    test(`a frame ${what} is refused, in one read or in several`, () => {
      expect(() => splitting().splitter.split(bytes)).toThrow(RangeError)
      const { splitter, frames } = splitting()
      splitter.split(bytes.subarray(0, 5))
      expect(() => splitter.split(bytes.subarray(5))).toThrow(RangeError)
      expect(frames).toEqual([])
    })
  }

  test("a size is refused before anything is kept for it", () => {
    expect(() => splitting().splitter.split(tooLarge.subarray(0, 7))).toThrow("are allowed")
  })
})
