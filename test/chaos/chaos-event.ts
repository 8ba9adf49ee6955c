import type { Delivery } from "../../src/broker/content-reader.ts"
import { asFirstDelivered } from "../../src/wire/forwardable.ts"
import { encodeProperties, textProperty } from "../../src/wire/properties.ts"
import type { Expected } from "../support/order-oracle.ts"
import type { Random } from "../support/seed.ts"

/** One message of a producer. Its id and its body are all that is needed to make it up again. */
export interface ChaosEvent extends Expected {
  readonly id: string
  readonly contentType: string
  /** In the order in which HTTP sends them. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
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

/** @param name tells the key from those in other places and of other producers */
export function makeEvent(place: KeyPlace, name: string, revision: number, random: Random) {
  const key = `${place}:${name}`
  return eventOf(place, { key, revision }, makeBody(place, { key, revision }, random))
}

/** Small ones mostly, up to 20 kB. */
function makeBody(place: KeyPlace, { key, revision }: Expected, random: Random): Uint8Array {
  const size = Math.floor(20_000 * random.next() ** 3)
  const unit = Math.floor(random.next() * 2 ** 32)
  if (place === "header") return new Uint8Array(size).map((_, at) => unit >>> (at % 24))
  const filler = unit.toString(16).repeat(Math.ceil(size / 8))
  const content = place === "body" ? { key, revision, filler } : { revision, filler }
  return encoder.encode(`${JSON.stringify(content)}${place === "broken" ? "," : ""}`)
}

function eventOf(place: KeyPlace, { key, revision }: Expected, body: Uint8Array): ChaosEvent {
  const id = `${key}#${revision}`
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
    isPoison: place === "missing" || place === "broken",
  }
}

/** The property list that an event is published with, and has to arrive with, byte for byte. */
export const propertiesOf = ({ contentType, headers, id }: ChaosEvent): Uint8Array =>
  encodeProperties({ contentType, headers, messageId: id, deliveryMode: 2 })

/** The event of a delivery; `undefined` when it cannot even be told which one it was. */
export function eventIn({ properties, body }: Delivery): ChaosEvent | undefined {
  const [, place, name, revision] =
    /^(\w+):(.+)#(\d+)$/.exec(textProperty(properties, "messageId") ?? "") ?? []
  const known = keyPlaces.find((each) => each === place)
  if (known === undefined) return undefined
  return eventOf(known, { key: `${place}:${name}`, revision: Number(revision) }, body)
}

/** Whether a delivery is what its producer published. A quorum queue counts redeliveries in a header. */
export function isIntact(event: ChaosEvent, { properties, redelivered }: Delivery): boolean {
  const arrived = redelivered ? asFirstDelivered(properties) : properties
  return Buffer.compare(arrived, propertiesOf(event)) === 0
}
