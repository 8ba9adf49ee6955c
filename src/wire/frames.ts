import { putUint32 } from "./bytes.ts"
import { viewOf } from "./field.ts"
import { concat, encodeShort, encodeUint32 } from "./properties.ts"

/** AMQP 0-9-1 frames: a type octet, a channel, a size, the payload, and an end octet. */
export const frameType = { method: 1, header: 2, body: 3, heartbeat: 8 } as const
export const frameEnd = 0xce
/** Type octet, channel and size: what stands before a frame's payload. */
export const frameHeadBytes = 7
/** Bytes of a frame beside its payload: its head and its end. */
export const frameOverhead = frameHeadBytes + 1
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
  whole.set(payload, frameHeadBytes)
  whole[whole.length - 1] = frameEnd
  return whole
}

/**
 * A mandatory basic.publish: the same for every message to a queue, so made once.
 * @param queue where it goes through the default exchange; through another it is the routing key
 * @throws {RangeError} when a name is over 255 bytes
 */
export function publishFrame(channel: number, queue: string, exchange = ""): Uint8Array {
  const reserved = new Uint8Array(2)
  const mandatory = 1
  const payload = [
    encodeUint32(method.basicPublish),
    reserved,
    encodeShort(exchange),
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

/** The longest property list that fits into one frame; a content header cannot be split. */
export const propertiesBytesMax = (frameMax: number): number =>
  frameMax - contentHeaderPrefix - frameOverhead

export const headerFits = (properties: Uint8Array, frameMax: number): boolean =>
  properties.length <= propertiesBytesMax(frameMax)

/**
 * A whole publish: the method frame as given, the content header with the property list as it is,
 * and the body in frames of at most `frameMax`. The body is copied a frame at a time and only when
 * there is room for it on its way: until then the copies for all groups share one.
 */
export class ContentFrames {
  readonly #channel: number
  readonly #methodFrame: Uint8Array
  readonly #properties: Uint8Array
  readonly #body: Uint8Array
  readonly #chunkMax: number
  #written = 0
  #isBegun = false

  constructor(
    channel: number,
    methodFrame: Uint8Array,
    properties: Uint8Array,
    body: Uint8Array,
    frameMax: number,
  ) {
    this.#channel = channel
    this.#methodFrame = methodFrame
    this.#properties = properties
    this.#body = body
    this.#chunkMax = frameMax - frameOverhead
  }

  get isWritten(): boolean {
    return this.#isBegun && this.#written === this.#body.length
  }

  /**
   * Writes what comes next, and returns where it ends: the method frame with the content header,
   * then one body frame at a time.
   */
  writeNext(into: Uint8Array, at: number): number {
    return this.#isBegun ? this.#writeChunk(into, at) : this.#writeHead(into, at)
  }

  #writeHead(into: Uint8Array, at: number): number {
    this.#isBegun = true
    into.set(this.#methodFrame, at)
    const size = contentHeaderPrefix + this.#properties.length
    const headerAt = at + this.#methodFrame.length
    const from = startFrame(into, headerAt, frameType.header, this.#channel, size)
    putUint32(into, from, basicClass << 16)
    putUint32(into, from + 4, 0)
    putUint32(into, from + 8, this.#body.length)
    into.set(this.#properties, from + contentHeaderPrefix)
    into[from + size] = frameEnd
    return from + size + 1
  }

  #writeChunk(into: Uint8Array, at: number): number {
    const size = Math.min(this.#chunkMax, this.#body.length - this.#written)
    const from = startFrame(into, at, frameType.body, this.#channel, size)
    const isWhole = size === this.#body.length
    into.set(isWhole ? this.#body : this.#body.subarray(this.#written, this.#written + size), from)
    into[from + size] = frameEnd
    this.#written += size
    return from + size + 1
  }
}

/** Returns where the payload begins. */
function startFrame(
  into: Uint8Array,
  at: number,
  type: number,
  channel: number,
  size: number,
): number {
  into[at] = type
  into[at + 1] = channel >>> 8
  into[at + 2] = channel
  putUint32(into, at + 3, size)
  return at + frameHeadBytes
}
