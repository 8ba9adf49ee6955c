/** A header's value as decoded from AMQP. Strings that are not valid UTF-8 come as bytes. */
export type HeaderValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | Date
  | HeaderValue[]
  | { readonly [name: string]: HeaderValue }

/** The basic properties a plugin may look at; a property that the message does not have is absent. */
export interface MessageProperties {
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly correlationId?: string
  readonly replyTo?: string
  readonly messageId?: string
  readonly type?: string
  readonly appId?: string
}

/**
 * A message as plugins see it: read-only, and decoded only where asked. Looking is free of side
 * effects; what is forwarded are the bytes as they came.
 */
export interface MessageView {
  readonly body: Uint8Array
  readonly properties: MessageProperties
  /** The first header of that name, without regard to case. */
  header(name: string): HeaderValue | undefined
  /**
   * The canonical key bytes of a header, without decoding a string on the way: what
   * `keyBytes(header(name))` would be. `undefined` when the header is missing, null or empty.
   * @throws {InvalidKey} when the header is a table, an array or not a finite number
   */
  headerKey(name: string): Uint8Array | undefined
  /**
   * The body as JSON, parsed once per message however many extractors ask. Integers beyond 2^53
   * come as `bigint`, so that no two of them become one key.
   * @throws {InvalidJson} when the body is not JSON in UTF-8
   */
  json(): unknown
}

/** The body was to be read as JSON and is not. The message is rejected with this reason. */
export class InvalidJson extends Error {
  override readonly name = "InvalidJson"
  readonly code = "invalid_json"
}
