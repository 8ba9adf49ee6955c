import { concat, encodeShort, encodeUint32 } from "../../src/wire/properties.ts"

/** A message as its producer sends it. */
export interface PassingMessage {
  readonly what: string
  readonly properties: Uint8Array
  readonly body: Uint8Array
}

const encoder = new TextEncoder()

export const bytes = (...values: number[]) => Uint8Array.from(values)
export const fromHex = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"))
const repeated = (size: number, byte: number) => new Uint8Array(size).fill(byte)

/** With its length in front: a long string, a byte array, an array or a table. */
export const sized = (value: Uint8Array) => concat([encodeUint32(value.length), value])
export const text = (value: string) => sized(encoder.encode(value))

/** A header table entry: name, type tag, value. */
export const entry = (name: string | Uint8Array, type: string, value: Uint8Array) =>
  concat([
    typeof name === "string" ? encodeShort(name) : concat([bytes(name.length), name]),
    encoder.encode(type),
    value,
  ])

/** A property list with headers only. */
export const headers = (...entries: Uint8Array[]) =>
  concat([bytes(0x20, 0x00), sized(concat(entries))])

const notUtf8 = bytes(0xff, 0xfe, 0x00, 0xc3, 0x28)

/** One or more values of each type that RabbitMQ knows, at the edges of what it holds. */
const values: readonly (readonly [what: string, type: string, value: Uint8Array])[] = [
  ["a boolean", "t", bytes(1)],
  ["a signed byte", "b", bytes(0x80)],
  ["an unsigned byte", "B", bytes(0xff)],
  ["a signed 16-bit integer", "s", fromHex("8000")],
  ["an unsigned 16-bit integer", "u", fromHex("ffff")],
  ["a signed 32-bit integer", "I", fromHex("80000000")],
  ["an unsigned 32-bit integer", "i", fromHex("ffffffff")],
  ["a signed 64-bit integer that a double would round", "l", fromHex("8000000000000001")],
  ["an unsigned 64-bit integer beyond the signed ones", "L", fromHex("fffffffffffffffe")],
  ["a float", "f", fromHex("3f800001")],
  ["the smallest float there is", "f", fromHex("00000001")],
  ["a double that a float would round", "d", fromHex("3fb999999999999a")],
  ["minus zero as a double", "d", fromHex("8000000000000000")],
  ["a decimal with a trailing zero", "D", fromHex("02 00000096")],
  ["a decimal of scale 255", "D", fromHex("ff ffffffff")],
  ["a string that is not UTF-8", "S", sized(notUtf8)],
  ["a string with a byte order mark", "S", sized(fromHex("efbbbf61"))],
  ["an empty string", "S", sized(bytes())],
  ["an empty array", "A", sized(bytes())],
  ["a timestamp of 0", "T", fromHex("0000000000000000")],
  ["a timestamp of 2^63 - 1", "T", fromHex("7fffffffffffffff")],
  ["a timestamp of 2^64 - 1", "T", fromHex("ffffffffffffffff")],
  ["an empty table", "F", sized(bytes())],
  ["nothing", "V", bytes()],
  ["bytes", "x", sized(notUtf8)],
  ["no bytes", "x", sized(bytes())],
]

const fields: readonly PassingMessage[] = values.map(([what, type, value]) => {
  const nested = entry("in", type, value)
  return {
    what: `${what} as a header, in a table, in an array and in both`,
    properties: headers(
      // By name, as a quorum queue has them when it delivers again.
      entry("array", "A", sized(concat([encoder.encode(type), value]))),
      entry("both", "A", sized(concat([encoder.encode("F"), sized(nested)]))),
      entry("table", "F", sized(nested)),
      entry("v", type, value),
    ),
    body: bytes(1),
  }
})

const shorts = (...texts: string[]) => texts.map(encodeShort)

const lists: readonly (readonly [what: string, properties: Uint8Array])[] = [
  ["no property at all", bytes(0, 0)],
  [
    "every property at once but a priority, cluster_id among them",
    concat([
      bytes(0xf7, 0xec),
      ...shorts("text/plain", "identity"),
      sized(entry("k", "S", text("v"))),
      bytes(1),
      ...shorts("correlation", "reply", "86400000", "id"),
      fromHex("0000ffffffffffff"),
      ...shorts("type", "app", "cluster"),
    ]),
  ],
  ["cluster_id alone", concat([bytes(0, 4), encodeShort("cluster")])],
  ["properties that are empty strings", concat([bytes(0xc6, 0xac), bytes(0, 0, 0, 0, 0, 0, 0, 0)])],
  ["properties that are not UTF-8", concat([bytes(0x80, 0x80), bytes(2, 0xc3, 0x28, 1, 0xff)])],
  [
    "properties of 255 bytes",
    concat([bytes(0, 0x88), ...shorts("m".repeat(255), "a".repeat(255))]),
  ],
  ["a timestamp of 0 as a property", concat([bytes(0, 0x40), fromHex("0000000000000000")])],
  ["a timestamp of 2^63 - 1 as a property", concat([bytes(0, 0x40), fromHex("7fffffffffffffff")])],
  ["a timestamp of 2^64 - 1 as a property", concat([bytes(0, 0x40), fromHex("ffffffffffffffff")])],
  [
    "names that mean something to a language",
    headers(
      ...["", "__proto__", "constructor", "toString"].map((name) => entry(name, "V", bytes())),
    ),
  ],
  ["a name that is not UTF-8", headers(entry(bytes(0xc3, 0x28), "t", bytes(1)))],
  ["a name of 255 bytes", headers(entry("n".repeat(255), "t", bytes(1)))],
]

/** What a quorum queue that delivers again sorts or drops; see `docs/amqp.md`. */
const rewritten: readonly (readonly [what: string, properties: Uint8Array])[] = [
  [
    "names that look like numbers, in their order",
    headers(entry("2", "V", bytes()), entry("10", "V", bytes()), entry("1", "V", bytes())),
  ],
  ["an empty header table", headers()],
  ["the same name twice", headers(entry("n", "t", bytes(0)), entry("n", "t", bytes(1)))],
]

/** The content header of a frame that is exactly as large as frames may be. */
const headerListMax = (frameMax: number) => frameMax - 8 - 12

/** A list of exactly that many bytes, all but a few of them one header. */
const listOf = (size: number, type: "x" | "S") => {
  const rest = headers(entry("fill", type, sized(bytes()))).length
  return headers(entry("fill", type, sized(repeated(size - rest, 0xa5))))
}

const tables = (frameMax: number): [what: string, properties: Uint8Array][] => [
  ["a byte array of 20 kB, larger than a read of the socket may bring", listOf(20_000, "x")],
  ["a header table that fills a frame but for a byte", listOf(headerListMax(frameMax) - 1, "S")],
  ["a header table that fills a frame", listOf(headerListMax(frameMax), "x")],
  [
    "a thousand headers",
    headers(
      ...Array.from({ length: 1_000 }, (_, n) =>
        entry(
          `h${1_000 + n}`,
          "l",
          fromHex(`80 00 00 00 00 00 ${(1_000 + n).toString(16).padStart(4, "0")}`),
        ),
      ),
    ),
  ],
]

/** Bytes that tell one place from another. */
function bodyOf(size: number): Uint8Array {
  const body = new Uint8Array(size)
  for (let at = 0; at < size; at++) body[at] = (at * 31 + (at >> 8)) & 255
  return body
}

const bodies = (frameMax: number): [what: string, body: Uint8Array][] => {
  const chunk = frameMax - 8
  return [
    ["an empty body", bytes()],
    ["a body of one byte", bytes(0)],
    ["a body of one frame but for a byte", bodyOf(chunk - 1)],
    ["a body of exactly one frame", bodyOf(chunk)],
    ["a body of one byte more than a frame", bodyOf(chunk + 1)],
    ["a body of exactly three frames", bodyOf(3 * chunk)],
    ["a body of a megabyte", bodyOf(1_000_000)],
    ["a body as large as RabbitMQ 4 takes by default", bodyOf(16 * 1024 * 1024)],
  ]
}

/** Everything a source may hold that a broker could alter, a codec could trip over or a frame cut. */
export const passingMessages = (frameMax: number): readonly PassingMessage[] => [
  ...fields,
  ...lists.map(([what, properties]) => ({ what, properties, body: bytes(2) })),
  ...tables(frameMax).map(([what, properties]) => ({ what, properties, body: bytes(3) })),
  ...bodies(frameMax).map(([what, body]) => ({
    what,
    properties: headers(entry("h", "t", bytes(1))),
    body,
  })),
]

/** What passes as well, unless a quorum queue has delivered it twice. */
export const rewrittenMessages: readonly PassingMessage[] = rewritten.map(([what, properties]) => ({
  what,
  properties,
  body: bytes(4),
}))

/** Lists by which a publisher loses its channel or connection, so that no queue ever holds them. */
export const refusedLists: readonly (readonly [what: string, properties: Uint8Array])[] = [
  ["NaN as a double", headers(entry("v", "d", fromHex("7ff8000000000000")))],
  ["NaN as a float", headers(entry("v", "f", fromHex("7fc00000")))],
  ["infinity as a double", headers(entry("v", "d", fromHex("7ff0000000000000")))],
  ["minus infinity as a float", headers(entry("v", "f", fromHex("ff800000")))],
  ["NaN in a table", headers(entry("v", "F", sized(entry("n", "d", fromHex("7ff8000000000000")))))],
  ["a delivery mode of 0", bytes(0x10, 0, 0)],
  ["a delivery mode of 3", bytes(0x10, 0, 3)],
  ["an expiration that is no number", concat([bytes(0x01, 0), encodeShort("soon")])],
  ["a CC header that is no array", headers(entry("CC", "S", text("q")))],
  ["a header of an unknown type", headers(entry("v", "Z", bytes()))],
  ["a header table that is cut off", headers(bytes(1, 97, 83, 0, 0, 0, 9))],
  ["a header table longer than the list", concat([bytes(0x20, 0), fromHex("0000ffff"), bytes(1)])],
  ["flags without values", bytes(0x80, 0)],
  ["bytes behind the last value", concat([bytes(0, 4), encodeShort("c"), bytes(1, 2, 3)])],
  ["a second word of flags", bytes(0, 1, 0, 0)],
  ["no flags", bytes()],
]
