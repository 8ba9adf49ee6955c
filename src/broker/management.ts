import * as v from "valibot"
import type { AmqpConfig } from "../config/config.ts"
import { bounds } from "../core/bounds.ts"
import { BrokerError } from "./broker-error.ts"
import { endpointOf } from "./endpoint.ts"

/** What the broker's management API is asked for, of the virtual host that PartyMQ works in. */
export interface Management {
  /**
   * How many messages a queue holds; `undefined` for one that does not exist. True within milliseconds for
   * a classic queue, up to 5 seconds old for a quorum queue, for which a new one counts as empty.
   */
  totals(queue: string): Promise<QueueTotals | undefined>
  /** Who is subscribed to a queue, up to 5 seconds ago; nobody, if it does not exist. */
  consumers(queue: string): Promise<readonly QueueConsumer[]>
  /** What is bound to an exchange now, queues only; nothing, if it does not exist. */
  bindings(exchange: string): Promise<readonly QueueBinding[]>
  /** Closes a connection, whoever has it. `false` if it was gone. */
  closeConnection(name: string, reason: string): Promise<boolean>
}

export interface QueueTotals {
  readonly ready: number
  readonly unacked: number
  /** `classic`, `quorum`, …. */
  readonly type?: string
}

export interface QueueConsumer {
  readonly consumerTag: string
  /** The broker's name for it, for `closeConnection`. */
  readonly connection: string
  /** Of a Single Active Consumer queue: whether it is the one that is delivered to. */
  readonly isActive: boolean
}

export interface QueueBinding {
  readonly queue: string
  readonly routingKey: string
}

const totalsSchema = v.object({
  items: v.array(
    v.object({
      name: v.string(),
      type: v.exactOptional(v.string()),
      // Absent while the queue has no leader.
      messages_ready: v.exactOptional(v.number()),
      messages_unacknowledged: v.exactOptional(v.number()),
    }),
  ),
})
const consumersSchema = v.object({
  consumer_details: v.optional(
    v.array(
      v.object({
        consumer_tag: v.string(),
        // An empty list once the channel is gone.
        channel_details: v.union([v.object({ connection_name: v.string() }), v.unknown()]),
        active: v.optional(v.boolean(), true),
      }),
    ),
    [],
  ),
})
const bindingsSchema = v.array(
  v.object({ destination: v.string(), destination_type: v.string(), routing_key: v.string() }),
)

/**
 * The management API of the configured broker; `undefined` if none is configured. Credentials are those
 * of `managementUrl`, or of `url` if it has none. Nothing is connected before the first question; each
 * takes `bounds.requestTimeoutMs` at most.
 * All questions throw a {@link BrokerError} `management` when it does not answer, or refuses.
 */
export function createManagement(amqp: AmqpConfig): Management | undefined {
  if (amqp.managementUrl === undefined) return undefined
  const ask = asker(amqp, amqp.managementUrl)
  const vhost = encodeURIComponent(vhostOf(amqp.url))
  return {
    async totals(queue) {
      const columns = "columns=name,type,messages_ready,messages_unacknowledged"
      // The name is looked for as a part of others.
      const page = `page=1&page_size=${bounds.managementPageSize}&name=${encodeURIComponent(queue)}`
      const path = `/api/queues/${vhost}?disable_stats=true&enable_queue_totals=true&${page}&${columns}`
      const { items } = readAs(totalsSchema, (await ask("GET", path)) ?? { items: [] })
      const found = items.find(({ name }) => name === queue)
      if (found === undefined) return undefined
      const { messages_ready: ready, messages_unacknowledged: unacked, type } = found
      if (ready === undefined || unacked === undefined) throw unreadable(`queue "${queue}"`)
      return { ready, unacked, ...(type !== undefined && { type }) }
    },
    async consumers(queue) {
      const answer = await ask("GET", `/api/queues/${vhost}/${encodeURIComponent(queue)}`)
      const { consumer_details: consumers } = readAs(consumersSchema, answer ?? {})
      return consumers.flatMap(({ consumer_tag: consumerTag, channel_details, active }) => {
        const connection = (channel_details as { connection_name?: string }).connection_name
        return connection === undefined ? [] : [{ consumerTag, connection, isActive: active }]
      })
    },
    async bindings(exchange) {
      const path = `/api/exchanges/${vhost}/${encodeURIComponent(exchange)}/bindings/source`
      const found = readAs(bindingsSchema, (await ask("GET", path)) ?? [])
      return found
        .filter(({ destination_type }) => destination_type === "queue")
        .map(({ destination: queue, routing_key: routingKey }) => ({ queue, routingKey }))
    },
    async closeConnection(name, reason) {
      const path = `/api/connections/${encodeURIComponent(name)}`
      return (await ask("DELETE", path, { "x-reason": reason })) !== undefined
    },
  }
}

type Ask = (
  method: "GET" | "DELETE",
  path: string,
  headers?: Record<string, string>,
) => Promise<unknown>

/** Answers what came back, `null` for nothing, `undefined` for 404. */
function asker(amqp: AmqpConfig, managementUrl: string): Ask {
  const base = new URL(managementUrl)
  const { username, password } = base.username === "" ? new URL(amqp.url) : base
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const authorization = `Basic ${Buffer.from(credentials).toString("base64")}`
  const tls = endpointOf(amqp).tls
  const root = `${base.protocol}//${base.host}${base.pathname.replace(/\/+$/, "")}`
  return async (method, path, headers = {}) => {
    let answer: Response
    try {
      answer = await fetch(`${root}${path}`, {
        method,
        headers: { authorization, ...headers },
        signal: AbortSignal.timeout(bounds.requestTimeoutMs),
        ...(tls && { tls }),
      })
      if (answer.status === 404) return undefined
      if (answer.ok) return answer.status === 204 ? null : await answer.json()
    } catch (error) {
      throw BrokerError.from(error, `cannot ask the management API at ${base.host}`, "management")
    }
    const fact = `the management API at ${base.host} answered ${answer.status} to ${method}`
    throw new BrokerError(fact, "management")
  }
}

/** @throws {BrokerError} when the answer is not what management APIs of brokers that are known give */
function readAs<Schema extends v.GenericSchema>(
  schema: Schema,
  answer: unknown,
): v.InferOutput<Schema> {
  const read = v.safeParse(schema, answer)
  if (read.success) return read.output
  throw new BrokerError("the management API gave an answer that is not known", "management")
}

const unreadable = (subject: string): BrokerError =>
  new BrokerError(`the management API does not say how many messages ${subject} has`, "management")

/** Of a URL without a path it is the default one. */
function vhostOf(url: string): string {
  const { pathname } = new URL(url)
  return pathname === "" ? "/" : decodeURIComponent(pathname.slice(1))
}
