/**
 * The effective configuration: what is left once file, environment and flags are merged, defaults
 * filled in and everything parsed. All other code takes this and checks nothing again.
 */
export interface Config {
  readonly amqp: AmqpConfig
  readonly http: HttpConfig
  readonly log: { readonly level: LogLevel }
  /** How long a shutdown may take to settle what is in flight. @default 10_000 */
  readonly shutdownTimeoutMs: number
  readonly topics: { readonly [topic: string]: TopicConfig }
}

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent"

export interface AmqpConfig {
  /** `amqp://user:password@host:port/vhost`, or `amqps://` for TLS. */
  readonly url: string
  readonly managementUrl?: string
  readonly tls?: {
    readonly caFile?: string
    readonly certFile?: string
    readonly keyFile?: string
    readonly rejectUnauthorized?: boolean
  }
  /** @default 10 */
  readonly heartbeatSeconds: number
  /** An oldest publish unconfirmed for this long means a dead connection: it is reopened. @default 30_000 */
  readonly confirmTimeoutMs: number
}

export interface HttpConfig {
  /** @default "0.0.0.0" */
  readonly host: string
  /** 0 takes a free one. @default 8085 */
  readonly port: number
  /** @default 1_048_576 */
  readonly bodyBytesMax: number
  /** Requests not settled by then are answered 504 or 503. @default 10_000 */
  readonly publishTimeoutMs: number
  /** @default 4096 */
  readonly inFlightMessagesMax: number
  /** @default 50_331_648 */
  readonly inFlightBytesMax: number
  /** What `/v1/publish` and `/v1/consumer` are about. */
  readonly simpleQueue?: { readonly topic: string; readonly group: string }
}

/** A plugin by name or path, with its options beside `use`. */
export interface PluginUse {
  readonly use: string
  readonly [option: string]: unknown
}

export interface TopicConfig {
  readonly source?: SourceConfig
  /** Asked in order; the first that yields a key decides. Empty: only `Partition-Key` over HTTP gives one. */
  readonly key: readonly PluginUse[]
  /** @default "dead-letter" */
  readonly onMissingKey: "dead-letter" | "spread" | { readonly key: string }
  readonly groups: { readonly [group: string]: GroupConfig }
  readonly retry: RetryConfig
  /** The dead-letter queue's type. @default { type: "quorum" } */
  readonly deadLetter: { readonly type: "quorum" | "classic" }
}

export interface SourceConfig {
  readonly queue: string
  /** Declared (durable topic exchange) if missing and bound to the queue. */
  readonly exchange?: string
  /** Routing keys of the bindings. @default ["#"] */
  readonly bind: readonly string[]
  /** `declare`: create what is missing; `passive`: it is someone else's, only look. @default "declare" */
  readonly topology: "declare" | "passive"
  /** Type of the source queue when it has to be declared. @default "quorum" */
  readonly type: "quorum" | "classic"
  /** Deliveries under way at once. @default 1000 */
  readonly prefetch: number
}

export interface RetryConfig {
  /**
   * How often in a row a partition's publishes may come back because its queue does not exist and
   * cannot be declared, before what waits for it is given up: dead-lettered, or answered 503. What
   * the broker refuses (a full queue) is tried until it is taken, or until HTTP's time is over.
   * @default 10
   */
  readonly attemptsMax: number
  /** First wait; it doubles with each attempt, with jitter. @default 100 */
  readonly backoffMs: number
  /** @default 5_000 */
  readonly backoffMaxMs: number
}

export interface GroupConfig {
  /** `"clients"`: partitions are the clients bound at the moment (original PartyMQ flow). @default 16 */
  readonly partitions: number | "clients"
  /** Not used by a client-bound group. @default { use: "consistent-hash" } */
  readonly partitioner: PluginUse
  /** One per partition, > 0; the partitioner must be able to weigh. */
  readonly weights?: readonly number[]
  readonly queue: PartitionQueueConfig
  /** Not used by a client-bound group. */
  readonly members: MembersConfig
  /** Present exactly when `partitions` is `"clients"`. */
  readonly clients?: ClientsConfig
  readonly pull: PullConfig
}

/** For consumers of the group that pull over HTTP. */
export interface PullConfig {
  /** Messages of a partition that are held for them at once. @default 100 */
  readonly prefetch: number
  /** How long a message is a consumer's, if that does not ask for another time. @default 30_000 */
  readonly visibilityTimeoutMs: number
  /** How often a message is given out before it is dead-lettered. @default 10 */
  readonly deliveriesMax: number
}

/** How the partitions of a group are shared out among its members. Times in milliseconds. */
export interface MembersConfig {
  /** `sticky`: fewest moves; `range`: neighbouring partitions for each. @default "sticky" */
  readonly assignor: "sticky" | "range"
  /** A member that is not heard of for so long has expired. @default 10_000 */
  readonly sessionTimeoutMs: number
  /**
   * A member that has not drained a partition so long after it was told to, or not subscribed to one, is
   * fenced. @default 30_000
   */
  readonly drainTimeoutMs: number
  /** How long others are waited for, from the first member on, before partitions are shared out. @default 3_000 */
  readonly initialDelayMs: number
}

/** How clients that bring their own queue bind to a client-bound group, as in the original PartyMQ. */
export interface ClientsConfig {
  /** The exchange clients bind their queue to. @default "partymq.ex.write" */
  readonly exchange: string
  /** A client's routing key is this and its hostname. @default "partymq.partition-" */
  readonly routingKeyPrefix: string
  /** How often it is checked which clients have gone quiet. @default 30_000 */
  readonly heartbeatCheckIntervalMs: number
  /** A client not heard of for this long is taken for dead. @default 120_000 */
  readonly heartbeatExpiryMs: number
  /** Partitions that are shared out among the clients. @default 64 */
  readonly partitions: number
  /** After the first client others are waited for, anew with each. @default 10_000 */
  readonly initialDelayMs: number
  /** And so long at most. @default 30_000 */
  readonly initialDelayMaxMs: number
  /** A client that has gone keeps its partitions for so long, should it come back. @default 3_000 */
  readonly returnDelayMs: number
  /** What to do when a client does not drain in time what moves away from it. @default "wait" */
  readonly onHandOverTimeout: "wait" | "proceed"
  /** @default 30_000 */
  readonly handOverTimeoutMs: number
}

/** Settings of a group's partition queues; what is absent is not set on the queue. */
export interface PartitionQueueConfig {
  /** @default "quorum" */
  readonly type: "quorum" | "classic"
  readonly maxLength?: number
  readonly maxLengthBytes?: number
  /** Only with a length limit; `drop-head` loses accepted messages. @default "reject-publish" */
  readonly overflow?: "drop-head" | "reject-publish"
  readonly messageTtlMs?: number
  readonly deliveryLimit?: number
  readonly deadLetterExchange?: string
  readonly deadLetterRoutingKey?: string
}
