import type { Content } from "../core/parcel.ts"
import { malformed, viewOf } from "../wire/field.ts"
import { contentHeaderPrefix, frameType, method } from "../wire/frames.ts"

/** A message as it came: the property list and the body, copied out of the read buffer, untouched. */
export interface Delivery {
  /** Counts 1, 2, 3, … on its channel. */
  readonly deliveryTag: number
  readonly redelivered: boolean
  readonly exchange: string
  readonly routingKey: string
  readonly properties: Uint8Array
  readonly body: Uint8Array
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

const latin1 = new TextDecoder("latin1")

/** What a deliver or return announced, until header and body are complete. */
interface Announced {
  readonly deliver: boolean
  readonly deliveryTag: number
  readonly redelivered: boolean
  readonly exchange: string
  readonly routingKey: string
  properties: Uint8Array
  body: Uint8Array
  received: number
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

  /** Takes a frame's payload. Returns whether it was one of those read here. */
  read(type: number, payload: Uint8Array): boolean {
    if (type === frameType.method) return this.#readMethod(payload)
    if (this.#announced === undefined) return false
    if (type === frameType.header) this.#readHeader(this.#announced, payload)
    else if (type === frameType.body) this.#readBody(this.#announced, payload)
    else return false
    return true
  }

  #readMethod(payload: Uint8Array): boolean {
    const view = viewOf(payload)
    switch (view.getUint32(0)) {
      case method.basicDeliver:
        this.#announced = deliverOf(payload, view)
        return true
      case method.basicReturn:
        this.#announced = returnOf(payload)
        return true
      case method.basicAck:
        this.#listener.confirmed?.(Number(view.getBigUint64(4)), (view.getUint8(12) & 1) === 1)
        return true
      case method.basicNack:
        this.#listener.refused?.(Number(view.getBigUint64(4)), (view.getUint8(12) & 1) === 1)
        return true
      case method.basicCancel:
        this.#listener.cancelled?.()
        return false
      default:
        return false
    }
  }

  #readHeader(announced: Announced, payload: Uint8Array): void {
    const bodySize = Number(viewOf(payload).getBigUint64(4))
    announced.properties = payload.slice(contentHeaderPrefix)
    announced.body = new Uint8Array(bodySize)
    if (bodySize === 0) this.#complete(announced)
  }

  #readBody(announced: Announced, payload: Uint8Array): void {
    announced.body.set(payload, announced.received)
    announced.received += payload.length
    if (announced.received === announced.body.length) this.#complete(announced)
  }

  #complete(announced: Announced): void {
    this.#announced = undefined
    if (announced.deliver) this.#listener.delivered?.(announced)
    else this.#listener.returned?.(announced.routingKey, announced)
  }
}

const nothing = new Uint8Array(0)

function deliverOf(payload: Uint8Array, view: DataView): Announced {
  const tagAt = 5 + view.getUint8(4)
  const [exchange, routingKeyAt] = shortText(payload, tagAt + 9)
  const [routingKey] = shortText(payload, routingKeyAt)
  return {
    deliver: true,
    deliveryTag: Number(view.getBigUint64(tagAt)),
    redelivered: view.getUint8(tagAt + 8) !== 0,
    exchange,
    routingKey,
    properties: nothing,
    body: nothing,
    received: 0,
  }
}

function returnOf(payload: Uint8Array): Announced {
  const replyCodeEnd = 6
  const [, exchangeAt] = shortText(payload, replyCodeEnd)
  const [exchange, routingKeyAt] = shortText(payload, exchangeAt)
  const [routingKey] = shortText(payload, routingKeyAt)
  return {
    deliver: false,
    deliveryTag: 0,
    redelivered: false,
    exchange,
    routingKey,
    properties: nothing,
    body: nothing,
    received: 0,
  }
}

/** A short string and where it ends. */
function shortText(bytes: Uint8Array, at: number): [text: string, end: number] {
  const length = bytes[at]
  if (length === undefined) throw malformed(at)
  const end = at + 1 + length
  return [latin1.decode(bytes.subarray(at + 1, end)), end]
}
