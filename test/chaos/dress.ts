import { bounds } from "../../src/core/bounds.ts"
import { contentHeaderPrefix, frameOverhead } from "../../src/wire/frames.ts"
import { appendHeaders, headerEntries } from "../../src/wire/headers.ts"
import { concat, encodeShort, encodeUint32, replaceProperty } from "../../src/wire/properties.ts"
import { user } from "./broker-account.ts"

/**
 * What makes a message hard to pass on. `copies`: it asks the broker for copies in queues that are not
 * there; `signed`: it says whose it is; `wide`: its headers all but fill a frame.
 */
export const dresses = ["copies", "signed", "wide"] as const
export type Dress = (typeof dresses)[number]

interface Change {
  readonly sent: (properties: Uint8Array) => Uint8Array
  readonly arrived: (properties: Uint8Array) => Uint8Array
}

/** What is done to a plain property list, and how `docs/amqp.md` says that it arrives. */
const changes: { readonly [dress in Dress]: (fill: number) => Change } = {
  copies: () => ({
    sent: (properties) => withNames(withNames(properties, "CC"), "BCC"),
    // The broker itself takes BCC away.
    arrived: (properties) => withNames(properties, "x-partymq-cc"),
  }),
  signed: () => ({
    sent: (properties) => replaceProperty(properties, "userId", encodeShort(user)),
    arrived: (properties) => appendHeaders(properties, [["x-partymq-user-id", user]]),
  }),
  wide: (fill) => ({
    sent: (properties) => filled(properties, fill),
    arrived: (p) => filled(p, fill),
  }),
}

/** @param fill says how little of a frame a `wide` one leaves free */
export const changeOf = (dress: Dress, fill: number): Change => changes[dress](fill)

const encoder = new TextEncoder()

/** With a header of that name: an array of one queue's name. */
function withNames(properties: Uint8Array, name: string): Uint8Array {
  const text = encoder.encode("chaos.nowhere")
  const array = concat([encoder.encode("S"), encodeUint32(text.length), text])
  const entry = [encodeShort(name), encoder.encode("A"), encodeUint32(array.length), array]
  const entries = headerEntries(properties)!
  const table = concat([properties.subarray(entries.start, entries.end), ...entry])
  return replaceProperty(properties, "headers", concat([encodeUint32(table.length), table]))
}

const freeMax = 64

function filled(properties: Uint8Array, fill: number): Uint8Array {
  const sizeMax = bounds.frameBytesMax - frameOverhead - contentHeaderPrefix
  const header = (size: number) =>
    appendHeaders(properties, [["x-chaos-filler", new Uint8Array(size)]])
  return header(sizeMax - (fill % freeMax) - header(0).length)
}
