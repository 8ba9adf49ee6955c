import { expect, test } from "bun:test"
import { AckWriter } from "../../src/broker/ack-writer.ts"
import type { Connection } from "../../src/broker/connection.ts"
import { until } from "../support/until.ts"

/** The tags and `multiple` bits of the acks that were written. */
function acking(prefetch: number) {
  const sent: [number, boolean][] = []
  const write = (frame: Uint8Array) => {
    const view = new DataView(frame.buffer, frame.byteOffset)
    sent.push([Number(view.getBigUint64(11)), view.getUint8(19) === 1])
  }
  const acks = new AckWriter({ write } as unknown as Connection, prefetch)
  return { acks, sent }
}

test("acks within a few milliseconds become one", async () => {
  const { acks, sent } = acking(512)
  for (const tag of [1, 2, 5]) acks.ack(tag, true)
  expect(sent).toEqual([])
  await until(() => sent.length > 0, { what: "the ack" })
  expect(sent).toEqual([[5, true]])
})

test("a quarter of the prefetch is acked at once, and a prefetch of 1 as well", () => {
  const many = acking(16)
  for (let tag = 1; tag <= 9; tag++) many.acks.ack(tag, true)
  expect(many.sent).toEqual([
    [4, true],
    [8, true],
  ])
  many.acks.flush()
  expect(many.sent.at(-1)).toEqual([9, true])
  many.acks.flush()
  expect(many.sent).toHaveLength(3)
  const one = acking(1)
  one.acks.ack(1, true)
  expect(one.sent).toEqual([[1, true]])
})

test("acks of single messages go out as they come, behind those before them", () => {
  const { acks, sent } = acking(512)
  for (const tag of [1, 2]) acks.ack(tag, true)
  acks.ack(4, false)
  expect(sent).toEqual([
    [2, true],
    [4, false],
  ])
})

test("nothing is acked on a channel that is gone, not even what was gathered", async () => {
  const { acks, sent } = acking(512)
  acks.ack(1, true)
  acks.close()
  acks.ack(2, true)
  acks.ack(3, false)
  acks.flush()
  const later = acking(512)
  later.acks.ack(1, true)
  await until(() => later.sent.length > 0, { what: "an ack that was gathered after it" })
  expect(sent).toEqual([])
})
