import * as v from "valibot"
import { bounds } from "../core/bounds.ts"
import type { KeyExtractor } from "../plugin/contract.ts"
import type { Handler } from "./attempt.ts"
import { ConsumerError } from "./consumer-error.ts"

/** What `createConsumer` takes. Times in milliseconds. */
export interface ConsumerOptions {
  /** `amqp://user:password@host:port/vhost`, or `amqps://` for TLS. */
  readonly amqp: string | AmqpOptions
  /** PartyMQ's base URL, `http://host:8085`. */
  readonly http: string | HttpOptions
  readonly topic: string
  readonly group: string
  readonly handler: Handler
  /** Messages that are handled at once, each of another key. @default 16 */
  readonly concurrency?: number
  /**
   * Messages of a partition that this consumer holds unacked. The same for all consumers of a group.
   * @default 100
   */
  readonly prefetch?: number
  readonly retry?: {
    /** Runs of the handler for one message, the first included. @default 5 */
    readonly attempts?: number
    /** Before the second; doubles with each, with jitter. @default 200 */
    readonly backoffMs?: number
    /** @default 30_000 */
    readonly backoffMaxMs?: number
  }
  /**
   * What becomes of a message whose last attempt has failed. `park-key`: it and all that follow of its
   * key wait in a queue of their own, until `partymq keys resume`; the same for all consumers of a group.
   * @default "dead-letter"
   */
  readonly onPoison?: "dead-letter" | "park-key"
  /** How long one run of the handler may take. Keep it below the broker's. @default 600_000 */
  readonly handlerTimeoutMs?: number
  /**
   * Finds the key of a message, where the topic has an extractor of its own that this process cannot
   * load. It has to find what that finds; for `undefined` the message runs alone in its partition.
   * @default what PartyMQ says
   */
  readonly key?: KeyExtractor
  /** Unique in the group. @default the host's name with a random part */
  readonly memberId?: string
}

/** How a consumer is closed. */
export interface CloseOptions {
  /** For all of it. @default 30_000 */
  readonly timeoutMs?: number
  /** Whether to go on until others are subscribed to what it has. @default true */
  readonly handOver?: boolean
}

export interface AmqpOptions {
  readonly url: string
  readonly tls?: {
    readonly caFile?: string
    readonly certFile?: string
    readonly keyFile?: string
    readonly rejectUnauthorized?: boolean
  }
  /** @default 10 */
  readonly heartbeatSeconds?: number
}

export interface HttpOptions {
  readonly url: string
  /** Sent with every request: what a proxy before PartyMQ asks for. */
  readonly headers?: Readonly<Record<string, string>>
}

const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max))
/** What a timer can wait. */
const durationMs = count(2 ** 31 - 1)
const httpUrl = v.pipe(
  v.string(),
  v.check((url) => /^https?:\/\/\S+$/.test(url) && URL.canParse(url), "must be an http:// URL"),
)
// What is not allowed is said without the value, which holds a password.
const amqpUrl = v.pipe(
  v.string(),
  v.check(
    (url) => /^amqps?:\/\/\S+$/.test(url) && URL.canParse(url),
    "must be an amqp:// or amqps:// URL",
  ),
)
const name = v.pipe(v.string(), v.nonEmpty("must not be empty"))
const callback = <T>() => v.custom<T>((value) => typeof value === "function", "must be a function")

const schema = v.strictObject({
  amqp: v.pipe(
    v.union(
      [
        v.pipe(
          amqpUrl,
          v.transform((url) => ({ url })),
        ),
        v.strictObject({
          url: amqpUrl,
          tls: v.exactOptional(
            v.strictObject({
              caFile: v.exactOptional(name),
              certFile: v.exactOptional(name),
              keyFile: v.exactOptional(name),
              rejectUnauthorized: v.exactOptional(v.boolean()),
            }),
          ),
          heartbeatSeconds: v.exactOptional(count(3600)),
        }),
      ],
      "must be an amqp:// or amqps:// URL, or { url, tls?, heartbeatSeconds? }",
    ),
    v.transform((amqp: AmqpOptions) => ({ heartbeatSeconds: 10, ...amqp })),
  ),
  http: v.pipe(
    v.union(
      [
        v.pipe(
          httpUrl,
          v.transform((url) => ({ url })),
        ),
        v.strictObject({
          url: httpUrl,
          headers: v.exactOptional(v.record(v.string(), v.string())),
        }),
      ],
      "must be an http:// URL, or { url, headers? }",
    ),
    v.transform((http: HttpOptions) => ({ headers: {}, ...http })),
  ),
  topic: name,
  group: name,
  handler: callback<Handler>(),
  concurrency: v.optional(count(65_535), 16),
  prefetch: v.optional(count(65_535), 100),
  retry: v.optional(
    v.strictObject({
      attempts: v.optional(count(1_000_000), 5),
      backoffMs: v.optional(durationMs, 200),
      backoffMaxMs: v.optional(durationMs, 30_000),
    }),
    {},
  ),
  onPoison: v.optional(v.picklist(["dead-letter", "park-key"]), "dead-letter"),
  handlerTimeoutMs: v.optional(durationMs, 600_000),
  key: v.exactOptional(callback<KeyExtractor>()),
  memberId: v.exactOptional(
    v.pipe(
      name,
      v.maxBytes(
        bounds.shortStringBytesMax,
        `must have at most ${bounds.shortStringBytesMax} bytes`,
      ),
    ),
  ),
})

export type ParsedOptions = v.InferOutput<typeof schema>

/** @throws {ConsumerError} `invalid_options`, which names the field */
export function parseOptions(options: ConsumerOptions): ParsedOptions {
  const parsed = v.safeParse(schema, options)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const field = v.getDotPath(issue) ?? "options"
  // What valibot says of itself quotes what it received.
  const isSecret = field.startsWith("amqp") || field.startsWith("http")
  const said = isSecret && issue.message.startsWith("Invalid ") ? "is not valid" : issue.message
  throw new ConsumerError("invalid_options", `${field}: ${said}`)
}
