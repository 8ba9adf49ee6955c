import fc from "fast-check"

/** One header as its bytes stand in a table. */
export interface RawHeader {
  readonly name: string
  readonly type: string
  /** The value without its type tag, length prefix included. */
  readonly value: Uint8Array
}

/** A property list by its parts; what is `undefined` is absent. */
export interface RawProperties {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly headers?: readonly RawHeader[] | undefined
  readonly deliveryMode?: number | undefined
  readonly priority?: number | undefined
  readonly correlationId?: string | undefined
  readonly replyTo?: string | undefined
  readonly expiration?: string | undefined
  readonly messageId?: string | undefined
  readonly timestamp?: number | undefined
  readonly type?: string | undefined
  readonly userId?: string | undefined
  readonly appId?: string | undefined
  readonly clusterId?: string | undefined
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

export const fromHex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "hex"))

const uint32 = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255)

export const long = (content: Uint8Array): Uint8Array =>
  Uint8Array.of(...uint32(content.length), ...content)

/** A header with a long string for a value. */
export const textHeader = (name: string, value: string): RawHeader => ({
  name,
  type: "S",
  value: long(bytesOf(value)),
})

export function tableBytes(headers: readonly RawHeader[]): number[] {
  return headers.flatMap(({ name, type, value }) => [
    ...shortBytes(name),
    type.charCodeAt(0),
    ...value,
  ])
}

function shortBytes(text: string): number[] {
  const content = bytesOf(text)
  return [content.length, ...content]
}

/** The list as a broker would send it, put together byte by byte, independent of the sources. */
export function rawList(given: RawProperties): Uint8Array {
  const text = (value: string | undefined) => value !== undefined && shortBytes(value)
  const octet = (value: number | undefined) => value !== undefined && [value]
  const table = given.headers && tableBytes(given.headers)
  const parts: (number[] | false | undefined)[] = [
    text(given.contentType),
    text(given.contentEncoding),
    table && [...uint32(table.length), ...table],
    octet(given.deliveryMode),
    octet(given.priority),
    text(given.correlationId),
    text(given.replyTo),
    text(given.expiration),
    text(given.messageId),
    given.timestamp !== undefined && [...uint32(0), ...uint32(given.timestamp)],
    text(given.type),
    text(given.userId),
    text(given.appId),
    text(given.clusterId),
  ]
  const flags = parts.reduce<number>((sum, part, at) => (part ? sum | (0x8000 >> at) : sum), 0)
  return Uint8Array.of(flags >> 8, flags & 255, ...parts.flatMap((part) => part || []))
}

const sized = (type: string, size: number): fc.Arbitrary<{ type: string; value: Uint8Array }> =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((value) => ({ type, value }))

const plainValue = fc.oneof(
  ...[..."tbB"].map((type) => sized(type, 1)),
  ...[..."su"].map((type) => sized(type, 2)),
  ...[..."Iif"].map((type) => sized(type, 4)),
  ...[..."lLdT"].map((type) => sized(type, 8)),
  sized("D", 5),
  sized("V", 0),
  fc.uint8Array({ maxLength: 20 }).map((content) => ({ type: "x", value: long(content) })),
  fc.uint8Array({ maxLength: 20 }).map((content) => ({ type: "S", value: long(content) })),
)

const nestedValue = fc.array(plainValue, { maxLength: 3 }).chain((items) => {
  const array = items.flatMap(({ type, value }) => [type.charCodeAt(0), ...value])
  const table = items.flatMap(({ type, value }, at) => [1, 97 + at, type.charCodeAt(0), ...value])
  return fc.constantFrom(
    { type: "A", value: long(Uint8Array.from(array)) },
    { type: "F", value: long(Uint8Array.from(table)) },
  )
})

const specialNames = ["", "__proto__", "constructor", "toString", "CC", "BCC", "cc", "7", "é", "n"]

export const rawHeader: fc.Arbitrary<RawHeader> = fc
  .tuple(
    fc.oneof(fc.constantFrom(...specialNames), fc.string({ maxLength: 8 })),
    fc.oneof(plainValue, nestedValue),
  )
  .map(([name, value]) => ({ name, ...value }))

const optional = <Value>(of: fc.Arbitrary<Value>) => fc.option(of, { nil: undefined })
const shortText = optional(fc.string({ maxLength: 12 }))

/** Any property list, with headers of every type. */
export const rawProperties: fc.Arbitrary<RawProperties> = fc.record({
  contentType: shortText,
  contentEncoding: shortText,
  headers: optional(fc.array(rawHeader, { maxLength: 5 })),
  deliveryMode: optional(fc.nat(3)),
  priority: optional(fc.nat(255)),
  correlationId: shortText,
  replyTo: shortText,
  expiration: shortText,
  messageId: shortText,
  timestamp: optional(fc.nat(2 ** 31)),
  type: shortText,
  userId: shortText,
  appId: shortText,
  clusterId: shortText,
})
