/** A RabbitMQ to work with, wherever it came from. */
export interface Broker {
  /** `given`: somebody else's, `private`: a node of our own, `container`: a container of our own. */
  readonly kind: "given" | "private" | "container"
  /** `amqp://user:password@host:port`, without a trailing slash unless it was given with one. */
  readonly url: string
  /** `http://host:port`, without credentials (they are those of `url`); absent when there is none. */
  readonly managementUrl?: string
  /** RabbitMQ's version; absent when it was not asked. */
  readonly version?: string
  /** Where a private node keeps its files. */
  readonly directory?: string
  /** Stops what was started for this; a given broker is left alone. Idempotent. */
  stop(): Promise<void>
}
