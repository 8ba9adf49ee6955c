import { viewOf } from "./field.ts"
import { concat, encodeShort, encodeUint32 } from "./properties.ts"

/** AMQP 0-9-1 frames: a type octet, a channel, a size, the payload, and an end octet. */
export const frameType = { method: 1, header: 2, body: 3, heartbeat: 8 } as const
export const frameEnd = 0xce
/** Bytes of a frame beside its payload. */
export const frameOverhead = 8
/** Bytes of a content header's payload before its property list. */
export const contentHeaderPrefix = 12

/** Class and method ids in one number: class << 16 | method. */
export const method = {
  connectionStart: (10 << 16) | 10,
  connectionTune: (10 << 16) | 30,
  basicCancel: (60 << 16) | 30,
  basicPublish: (60 << 16) | 40,
  basicReturn: (60 << 16) | 50,
  basicDeliver: (60 << 16) | 60,
  basicAck: (60 << 16) | 80,
  basicNack: (60 << 16) | 120,
} as const

const basicClass = 60

export const heartbeatFrame: Uint8Array = Uint8Array.of(
  frameType.heartbeat,
  0,
  0,
  0,
  0,
  0,
  0,
  frameEnd,
)

function frame(type: number, channel: number, payload: Uint8Array): Uint8Array {
  const whole = new Uint8Array(payload.length + frameOverhead)
  const view = viewOf(whole)
  view.setUint8(0, type)
  view.setUint16(1, channel)
  view.setUint32(3, payload.length)
  whole.set(payload, 7)
  whole[whole.length - 1] = frameEnd
  return whole
}

/**
 * A mandatory basic.publish through the default exchange: the same for every message to a queue, so
 * made once. @throws {RangeError} when the queue's name is over 255 bytes
 */
export function publishFrame(channel: number, queue: string): Uint8Array {
  const reserved = new Uint8Array(2)
  const mandatory = 1
  const payload = [
    encodeUint32(method.basicPublish),
    reserved,
    encodeShort(""),
    encodeShort(queue),
    Uint8Array.of(mandatory),
  ]
  return frame(frameType.method, channel, concat(payload))
}

/** basic.ack of one delivery or, with `multiple`, of all up to it. */
export function ackFrame(channel: number, deliveryTag: number, multiple: boolean): Uint8Array {
  const payload = new Uint8Array(13)
  const view = viewOf(payload)
  view.setUint32(0, method.basicAck)
  view.setBigUint64(4, BigInt(deliveryTag))
  view.setUint8(12, multiple ? 1 : 0)
  return frame(frameType.method, channel, payload)
}

/** Whether a property list fits into one frame; a content header cannot be split. */
export const headerFits = (properties: Uint8Array, frameMax: number): boolean =>
  contentHeaderPrefix + properties.length + frameOverhead <= frameMax

/**
 * A whole publish in one buffer: the method frame as given, the content header with the property
 * list as it is, and the body in frames of at most `frameMax`.
 */
export function contentFrames(
  channel: number,
  methodFrame: Uint8Array,
  properties: Uint8Array,
  body: Uint8Array,
  frameMax: number,
): Uint8Array {
  const chunkMax = frameMax - frameOverhead
  const chunks = Math.ceil(body.length / chunkMax)
  const headerSize = contentHeaderPrefix + properties.length
  const size =
    methodFrame.length + headerSize + frameOverhead + body.length + chunks * frameOverhead
  const whole = new Uint8Array(size)
  const view = viewOf(whole)
  whole.set(methodFrame)
  let at = startFrame(view, methodFrame.length, frameType.header, channel, headerSize)
  view.setUint16(at, basicClass)
  view.setBigUint64(at + 4, BigInt(body.length))
  whole.set(properties, at + contentHeaderPrefix)
  at += headerSize
  whole[at++] = frameEnd
  for (let from = 0; from < body.length; from += chunkMax) {
    const chunk = body.subarray(from, from + chunkMax)
    at = startFrame(view, at, frameType.body, channel, chunk.length)
    whole.set(chunk, at)
    at += chunk.length
    whole[at++] = frameEnd
  }
  return whole
}

function startFrame(
  view: DataView,
  at: number,
  type: number,
  channel: number,
  size: number,
): number {
  view.setUint8(at, type)
  view.setUint16(at + 1, channel)
  view.setUint32(at + 3, size)
  return at + 7
}
