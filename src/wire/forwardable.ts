import { forEachEntry, viewOf } from "./field.ts"
import { headerFits } from "./frames.ts"
import { appendHeaders, headerEntries, removeHeaders, renameHeaders } from "./headers.ts"
import { locateProperty, type Span } from "./properties.ts"

/** Headers that a quorum queue adds to what it delivers again. */
const redeliveryHeaders: ReadonlySet<string> = new Set(["x-delivery-count", "x-acquired-count"])

/**
 * The property list of a redelivered message as its producer sent it: without what the source queue
 * added to count its deliveries, which says nothing about the queue it goes to.
 */
export const asFirstDelivered = (properties: Uint8Array): Uint8Array =>
  removeHeaders(properties, (name) => redeliveryHeaders.has(name))

/** Headers by which a broker accounts for a message's way; with them it may outgrow a frame. */
const brokerHeaders = /^x-(death|first-death-.*|last-death-.*|delivery-count|acquired-count)$/

/** What its producer could send can be sent on, without what the broker has added since. */
const withoutOverflow = (properties: Uint8Array, frameMax: number): Uint8Array =>
  fitting(properties, frameMax) ?? removeHeaders(properties, (name) => brokerHeaders.test(name))

const userIdFlag = 0x0010
const priorityFlag = 0x0800
const text = new TextDecoder()
const letterB = 0x42
const letterC = 0x43
const renamed: { readonly [name: string]: string } = { CC: "x-partymq-cc", BCC: "x-partymq-bcc" }

/**
 * The property list as it can be published again; nearly always the very same bytes. Three things
 * cannot pass as they are, because the broker acts on them:
 *
 * - `CC` and `BCC` headers would send copies to the queues they name: renamed to `x-partymq-cc` and
 *   `x-partymq-bcc`, values kept.
 * - `user_id` must be the publisher's own or the broker closes the channel: moved to the header
 *   `x-partymq-user-id`.
 * - `delivery_mode` other than 1 and 2 is refused with a closed channel: becomes 2.
 *
 * And a list that the broker itself has made larger than a frame (`x-death`) goes without that.
 * Where the longer names would not fit into a frame, what they hold is dropped.
 */
export function forwardable(properties: Uint8Array, frameMax: number): Uint8Array {
  const withMode = validDeliveryMode(withoutOverflow(properties, frameMax))
  const withoutCopies = hasCopyHeaders(withMode)
    ? (fitting(renameHeaders(withMode, renamed), frameMax) ??
      removeHeaders(withMode, (name) => Object.hasOwn(renamed, name)))
    : withMode
  return withoutUserId(withoutCopies, frameMax)
}

function hasCopyHeaders(properties: Uint8Array): boolean {
  const entries = headerEntries(properties)
  if (entries === undefined) return false
  let found = false
  forEachEntry(properties, entries.start, entries.end, (start, end) => {
    found = isCopyName(properties, start, end)
    return found
  })
  return found
}

/** `CC` or `BCC`. */
function isCopyName(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[end - 1] !== letterC || bytes[end - 2] !== letterC) return false
  return end - start === 2 || (end - start === 3 && bytes[start] === letterB)
}

const fitting = (properties: Uint8Array, frameMax: number): Uint8Array | undefined =>
  headerFits(properties, frameMax) ? properties : undefined

function validDeliveryMode(properties: Uint8Array): Uint8Array {
  const at = locateProperty(properties, "deliveryMode")?.start
  if (at === undefined || properties[at] === 1 || properties[at] === 2) return properties
  const copy = properties.slice()
  copy[at] = 2
  return copy
}

function withoutUserId(properties: Uint8Array, frameMax: number): Uint8Array {
  const span = locateProperty(properties, "userId")
  if (span === undefined) return properties
  const userId = text.decode(properties.subarray(span.start + 1, span.end))
  const rest = cutOut(properties, span, userIdFlag)
  return fitting(appendHeaders(rest, [["x-partymq-user-id", userId]]), frameMax) ?? rest
}

/**
 * The property list without its priority, which becomes the header `x-partymq-priority`, in decimal:
 * the quorum queues of RabbitMQ 4 deliver higher priorities first, whatever came before.
 */
export function withoutPriority(properties: Uint8Array, frameMax: number): Uint8Array {
  const span = locateProperty(properties, "priority")
  if (span === undefined) return properties
  const priority = String(properties[span.start])
  const rest = cutOut(properties, span, priorityFlag)
  return fitting(appendHeaders(rest, [["x-partymq-priority", priority]]), frameMax) ?? rest
}

function cutOut(properties: Uint8Array, { start, end }: Span, flag: number): Uint8Array {
  const rest = new Uint8Array(properties.length - (end - start))
  rest.set(properties.subarray(0, start))
  rest.set(properties.subarray(end), start)
  const view = viewOf(rest)
  view.setUint16(0, view.getUint16(0) & ~flag)
  return rest
}
