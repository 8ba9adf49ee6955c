import type { Delivery } from "../../src/broker/content-reader.ts"
import { asFirstDelivered } from "../../src/wire/forwardable.ts"
import { encodeProperties, textProperty } from "../../src/wire/properties.ts"
import type { Expected } from "../support/order-oracle.ts"
import type { Random } from "../support/seed.ts"
import { changeOf, type Dress, dresses } from "./dress.ts"
import { sortedHeaders } from "./sorted-headers.ts"

/** One message of a producer. Its id and its body are all that is needed to make it up again. */
export interface ChaosEvent extends Expected {
  readonly id: string
  readonly contentType: string
  /** In the order in which HTTP sends them. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  readonly dress: Dress | undefined
  /** Without a key, or with a body that cannot be read: its place is the dead-letter queue. */
  readonly isPoison: boolean
}

/**
 * Where the router finds the key. `header`: in a header, and the body is any bytes; `body`: in the
 * JSON of the body; `missing` and `broken` are poison.
 */
const keyPlaces = ["header", "body", "missing", "broken"] as const
export type KeyPlace = (typeof keyPlaces)[number]

export const keyHeader = "x-chaos-key"
const sumHeader = "x-chaos-sum"
const encoder = new TextEncoder()

/** Bodies are small mostly, and never larger unless `bodyBytesMin` says so. */
export const usualBodyBytesMax = 20_000

export interface Unusual {
  readonly dress?: Dress | undefined
  readonly bodyBytesMin?: number
}

/** @param name tells the key from those in other places and of other producers */
export function makeEvent(
  place: KeyPlace,
  name: string,
  revision: number,
  random: Random,
  { dress, bodyBytesMin = 0 }: Unusual = {},
): ChaosEvent {
  const key = `${place}:${name}`
  const size = bodyBytesMin + Math.floor((usualBodyBytesMax - 200) * random.next() ** 3)
  return eventOf(place, { key, revision }, dress, makeBody(place, { key, revision }, size, random))
}

function makeBody(
  place: KeyPlace,
  { key, revision }: Expected,
  size: number,
  random: Random,
): Uint8Array {
  const unit = Math.floor(random.next() * 2 ** 32)
  if (place === "header") return new Uint8Array(size).map((_, at) => unit >>> (at % 24))
  const filler = unit.toString(16).repeat(Math.ceil(size / 8))
  const content = place === "body" ? { key, revision, filler } : { revision, filler }
  return encoder.encode(`${JSON.stringify(content)}${place === "broken" ? "," : ""}`)
}

function eventOf(
  place: KeyPlace,
  { key, revision }: Expected,
  dress: Dress | undefined,
  body: Uint8Array,
): ChaosEvent {
  const id = `${key}#${revision}${dress === undefined ? "" : `~${dress}`}`
  return {
    key,
    revision,
    id,
    contentType: place === "header" ? "application/octet-stream" : "application/json",
    headers: [
      ...(place === "header" ? [[keyHeader, key] as const] : []),
      [sumHeader, `${Bun.hash(body, BigInt(Bun.hash(id)))}`],
    ],
    body,
    dress,
    isPoison: place === "missing" || place === "broken",
  }
}

/** The property list that an event is published with, byte for byte. */
export const propertiesOf = (event: ChaosEvent): Uint8Array =>
  change(event)?.sent(plainProperties(event)) ?? plainProperties(event)

const plainProperties = ({ contentType, headers, id }: ChaosEvent): Uint8Array =>
  encodeProperties({ contentType, headers, messageId: id, deliveryMode: 2 })

const change = ({ dress, revision }: ChaosEvent) => dress && changeOf(dress, revision)

/** The event of a delivery; `undefined` when it cannot even be told which one it was. */
export function eventIn({ properties, body }: Delivery): ChaosEvent | undefined {
  const [, place, name, revision, dress] =
    /^(\w+):(.+)#(\d+)(?:~(\w+))?$/.exec(textProperty(properties, "messageId") ?? "") ?? []
  const known = keyPlaces.find((each) => each === place)
  if (known === undefined) return undefined
  const expected = { key: `${place}:${name}`, revision: Number(revision) }
  return eventOf(
    known,
    expected,
    dresses.find((each) => each === dress),
    body,
  )
}

/**
 * Whether a delivery is what its producer published, byte for byte, but for what is documented to be
 * changed. A quorum queue counts redeliveries in a header.
 */
export function isIntact(event: ChaosEvent, { properties, redelivered }: Delivery): boolean {
  const arrived = redelivered ? asFirstDelivered(properties) : properties
  const plain = plainProperties(event)
  const expected = change(event)?.arrived(plain)
  if (expected === undefined) return Buffer.compare(arrived, plain) === 0
  // The plain ones are sorted as they are.
  return Buffer.compare(sortedHeaders(arrived), sortedHeaders(expected)) === 0
}
