import { expect, test } from "bun:test"
import { murmur2 } from "../../src/hash/murmur2.ts"

test("the vectors of Kafka's own UtilsTest", () => {
  const vectors: [string, number][] = [
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ]
  for (const [text, hash] of vectors) {
    expect([text, murmur2(new TextEncoder().encode(text))]).toEqual([text, hash])
  }
})

test("a vector of bytes that the Java client computed, and the empty key", () => {
  expect(murmur2(Uint8Array.of(12, 42, 56, 24, 109, 111))).toBe(274204207)
  expect(murmur2(new Uint8Array(0))).toBe(275646681)
})
