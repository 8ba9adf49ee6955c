import type { Delivery } from "../broker/content-reader.ts"
import type { HeaderValue, MessageProperties, MessageView } from "../core/message.ts"
import { messageView } from "../core/message-view.ts"
import { uint64At } from "../wire/bytes.ts"
import { decodeTable } from "../wire/field.ts"
import { headerEntries } from "../wire/headers.ts"
import { locateProperty, type PropertyName, textProperty } from "../wire/properties.ts"
import { deliveredBefore, type QueueType, sentProperties } from "../wire/redelivery.ts"
import { type StandardSchema, validated } from "./standard-schema.ts"

/** The basic properties of a message; one that it does not have is absent. */
export interface ConsumedProperties extends MessageProperties {
  readonly deliveryMode?: number
  readonly priority?: number
  readonly expiration?: string
  readonly timestamp?: Date
}

/** Where a message was found. */
export interface MessagePlace {
  readonly topic: string
  readonly group: string
  readonly partition: number
  readonly queue: string
}

/** The same, with what matters to those who read the queue. */
export interface QueuePlace extends MessagePlace {
  /** `undefined` with a PartyMQ that does not tell it. */
  readonly queueType: QueueType | undefined
}

/** A message of a partition queue. Nothing is decoded before it is asked for. */
export interface ConsumedMessage extends MessageView, MessagePlace {
  /** The key by which it was placed; `undefined` where there is none, or it cannot be told. */
  readonly key: Uint8Array | undefined
  /** The key as text, if it is UTF-8. */
  readonly keyText: string | undefined
  /** As its producer sent them, by name. */
  readonly headers: { readonly [name: string]: HeaderValue }
  readonly properties: ConsumedProperties
  /** The broker has delivered it before, to whomever, and got no ack. */
  readonly redelivered: boolean
  /** Which delivery this is, from 1. A classic queue does not count them: there 2 means 2 or more. */
  readonly deliveryCount: number
  /** The body as text; what is not UTF-8 becomes U+FFFD. */
  text(): string
  /**
   * The body as JSON. Integers beyond 2^53 come as `bigint`.
   * @throws {InvalidJson} when it is not JSON in UTF-8
   * @throws {InvalidMessage} when it is not as the schema wants it
   */
  json(): unknown
  json<Output>(schema: StandardSchema<Output>): Output
}

export function consumedMessage(
  place: QueuePlace,
  delivery: Delivery,
  view: MessageView,
  key: Uint8Array | undefined,
): ConsumedMessage {
  return new LazyMessage(place, delivery, view, key)
}

/** The view of a delivery that plugins and consumers get. */
export const deliveryView = (delivery: Delivery): MessageView =>
  messageView(delivery.properties, delivery.body)

class LazyMessage implements ConsumedMessage {
  readonly topic: string
  readonly group: string
  readonly partition: number
  readonly queue: string
  readonly key: Uint8Array | undefined
  readonly body: Uint8Array
  readonly redelivered: boolean
  readonly #queueType: QueueType | undefined
  readonly #delivery: Delivery
  readonly #view: MessageView
  #headers: { readonly [name: string]: HeaderValue } | undefined

  constructor(
    { topic, group, partition, queue, queueType }: QueuePlace,
    delivery: Delivery,
    view: MessageView,
    key: Uint8Array | undefined,
  ) {
    this.topic = topic
    this.group = group
    this.partition = partition
    this.queue = queue
    this.key = key
    this.body = delivery.body
    this.redelivered = delivery.redelivered
    this.#queueType = queueType
    this.#delivery = delivery
    this.#view = view
  }

  get keyText(): string | undefined {
    try {
      return this.key === undefined ? undefined : strictUtf8.decode(this.key)
    } catch {
      return undefined
    }
  }

  get headers(): { readonly [name: string]: HeaderValue } {
    this.#headers ??= decodeHeaders(sentProperties(this.#delivery, this.#queueType))
    return this.#headers
  }

  get properties(): ConsumedProperties {
    return { ...this.#view.properties, ...furtherProperties(this.#delivery.properties) }
  }

  get deliveryCount(): number {
    return 1 + deliveredBefore(this.#delivery, this.#queueType)
  }

  header(name: string): HeaderValue | undefined {
    return this.#view.header(name)
  }

  headerKey(name: string): Uint8Array | undefined {
    return this.#view.headerKey(name)
  }

  text(): string {
    return utf8.decode(this.body)
  }

  json<Output>(schema?: StandardSchema<Output>): Output {
    const value = this.#view.json()
    return schema === undefined ? (value as Output) : validated(schema, value)
  }
}

const utf8 = new TextDecoder()
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

function decodeHeaders(properties: Uint8Array): { readonly [name: string]: HeaderValue } {
  const entries = headerEntries(properties)
  return entries === undefined ? {} : decodeTable(properties, entries.start, entries.end)
}

function furtherProperties(list: Uint8Array): ConsumedProperties {
  const octet = (name: PropertyName) => {
    const span = locateProperty(list, name)
    return span === undefined ? {} : { [name]: list[span.start]! }
  }
  const expiration = textProperty(list, "expiration")
  const timestamp = locateProperty(list, "timestamp")
  return {
    ...octet("deliveryMode"),
    ...octet("priority"),
    ...(expiration !== undefined && { expiration }),
    ...(timestamp && { timestamp: new Date(uint64At(list, timestamp.start) * 1000) }),
  }
}
