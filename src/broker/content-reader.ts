import type { Content } from "../core/parcel.ts"
import { uint32At, uint64At } from "../wire/bytes.ts"
import { malformed } from "../wire/field.ts"
import { contentHeaderPrefix, frameType, method } from "../wire/frames.ts"

/** A message as it came: the property list and the body, copied out of the read buffer, untouched. */
export interface Delivery extends Content {
  /** Counts 1, 2, 3, … on its channel. */
  readonly deliveryTag: number
  readonly redelivered: boolean
}

/** Who hears what arrives on a raw channel. Nothing may be thrown here. */
export interface ContentListener {
  delivered?(delivery: Delivery): void
  confirmed?(tag: number, multiple: boolean): void
  refused?(tag: number, multiple: boolean): void
  /** A mandatory publish reached no queue; its confirm follows. */
  returned?(routingKey: string, content: Content): void
  /** The broker ended the consumer: its queue was deleted or moved. */
  cancelled?(): void
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })
const nothing = new Uint8Array(0)

/** What a deliver or return announced, until header and body are complete. */
class Announced implements Delivery {
  readonly deliveryTag: number
  readonly redelivered: boolean
  /** Of a return. */
  readonly routingKey: string | undefined
  properties: Uint8Array = nothing
  body: Uint8Array = nothing
  bodySize = 0
  received = 0

  constructor(deliveryTag: number, redelivered: boolean, routingKey?: string) {
    this.deliveryTag = deliveryTag
    this.redelivered = redelivered
    this.routingKey = routingKey
  }
}

/**
 * Puts deliveries and returns of one channel together from their frames. All else is refused, and
 * stays with the client.
 */
export class ContentReader {
  readonly #listener: ContentListener
  #announced: Announced | undefined

  constructor(listener: ContentListener) {
    this.#listener = listener
  }

  /**
   * Takes a frame's payload, which begins at `at`; what is kept of it is copied. Returns whether it was
   * one of those read here.
   */
  read(type: number, bytes: Uint8Array, at: number, size: number): boolean {
    if (type === frameType.method) return this.#readMethod(bytes, at, at + size)
    if (this.#announced === undefined) return false
    if (type === frameType.header) this.#readHeader(this.#announced, bytes, at, size)
    else if (type === frameType.body) this.#readBody(this.#announced, bytes, at, size)
    else return false
    return true
  }

  #readMethod(bytes: Uint8Array, at: number, end: number): boolean {
    switch (uint32At(bytes, at)) {
      case method.basicDeliver:
        this.#announced = deliverOf(bytes, at, end)
        return true
      case method.basicReturn:
        this.#announced = returnOf(bytes, at, end)
        return true
      case method.basicAck:
        within(at + 13, end)
        this.#listener.confirmed?.(uint64At(bytes, at + 4), isMultiple(bytes, at))
        return true
      case method.basicNack:
        within(at + 13, end)
        this.#listener.refused?.(uint64At(bytes, at + 4), isMultiple(bytes, at))
        return true
      case method.basicCancel:
        this.#listener.cancelled?.()
        return false
      default:
        return false
    }
  }

  #readHeader(announced: Announced, bytes: Uint8Array, at: number, size: number): void {
    within(at + contentHeaderPrefix, at + size)
    announced.bodySize = uint64At(bytes, at + 4)
    announced.properties = bytes.slice(at + contentHeaderPrefix, at + size)
    if (announced.bodySize === 0) this.#complete(announced)
  }

  #readBody(announced: Announced, bytes: Uint8Array, at: number, size: number): void {
    const isFirst = announced.received === 0
    announced.received += size
    within(announced.received, announced.bodySize)
    const isWhole = announced.received === announced.bodySize
    if (isFirst && isWhole) announced.body = bytes.slice(at, at + size)
    else {
      if (isFirst) announced.body = new Uint8Array(announced.bodySize)
      announced.body.set(bytes.subarray(at, at + size), announced.received - size)
    }
    if (isWhole) this.#complete(announced)
  }

  #complete(announced: Announced): void {
    this.#announced = undefined
    const { routingKey } = announced
    if (routingKey === undefined) this.#listener.delivered?.(announced)
    else this.#listener.returned?.(routingKey, announced)
  }
}

const isMultiple = (bytes: Uint8Array, at: number): boolean => (bytes[at + 12]! & 1) === 1

function deliverOf(bytes: Uint8Array, at: number, end: number): Announced {
  const tagAt = shortTextEnd(bytes, at + 4, end)
  within(tagAt + 9, end)
  return new Announced(uint64At(bytes, tagAt), bytes[tagAt + 8] !== 0)
}

function returnOf(bytes: Uint8Array, at: number, end: number): Announced {
  const replyTextAt = at + 6
  const exchangeAt = shortTextEnd(bytes, replyTextAt, end)
  const keyAt = shortTextEnd(bytes, exchangeAt, end)
  const key = bytes.subarray(keyAt + 1, shortTextEnd(bytes, keyAt, end))
  return new Announced(0, false, utf8.decode(key))
}

/** Where the short string that begins there ends. */
function shortTextEnd(bytes: Uint8Array, at: number, end: number): number {
  within(at + 1, end)
  const textEnd = at + 1 + bytes[at]!
  within(textEnd, end)
  return textEnd
}

/** What is read has to lie within its frame: behind it there are other frames, or old ones. */
function within(at: number, end: number): void {
  if (at > end) throw malformed(at)
}
