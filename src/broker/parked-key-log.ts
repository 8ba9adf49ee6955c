import * as v from "valibot"
import { parkedKeyLog } from "../core/generation.ts"
import {
  foldParkedKeys,
  noParkedKeys,
  type ParkedKeyEvent,
  type ParkedKeySet,
} from "../core/group/parked-keys.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import { isMissing } from "./refusal.ts"
import { withChannel } from "./with-channel.ts"

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const entrySchema = v.object({
  id: v.string(),
  event: v.variant("kind", [
    v.object({
      kind: v.literal("park"),
      key: v.string(),
      partition: count,
      since: v.string(),
      detail: v.string(),
    }),
    v.object({ kind: v.literal("resume"), key: v.string() }),
    v.object({ kind: v.literal("release"), key: v.string(), version: count }),
    v.object({ kind: v.literal("claim"), partition: count }),
    v.object({ kind: v.literal("mark") }),
  ]),
})

/**
 * What has happened to the parked keys of a group, in a stream in the broker. Its order decides: each
 * process appends what it is asked for and reads up to that, so that all come to the same.
 */
export class ParkedKeyLog {
  readonly #log: string
  /** What was read on it: another connection may lead to another broker. */
  #connection: Connection | undefined
  #set: ParkedKeySet = noParkedKeys
  /** In the stream, of the next entry that was not read. */
  #next = 0

  constructor(topic: string, group: string) {
    this.#log = parkedKeyLog(topic, group)
  }

  /** As it was when it was read last. */
  get set(): ParkedKeySet {
    return this.#set
  }

  /** Whether anything was ever recorded. */
  async exists(connection: Connection): Promise<boolean> {
    try {
      await withChannel(connection, `looking for "${this.#log}"`, (channel) =>
        channel.queueDeclare(this.#log, { passive: true }),
      )
      return true
    } catch (error) {
      const reason = BrokerError.from(error, "the broker says")
      if (isMissing(reason)) return false
      throw reason
    }
  }

  /**
   * Not to be called again before it has settled.
   * @throws {BrokerError} when it is not certain; it may have been appended
   */
  async append(connection: Connection, event: ParkedKeyEvent): Promise<ParkedKeySet> {
    if (connection !== this.#connection) {
      this.#set = noParkedKeys
      this.#next = 0
      this.#connection = connection
    }
    const id = crypto.randomUUID()
    let isReading = true
    try {
      await withChannel(connection, `recording in "${this.#log}"`, async (channel) => {
        await channel.queueDeclare(this.#log, { durable: true }, { "x-queue-type": "stream" })
        await channel.confirmSelect()
        const line = JSON.stringify({ id, event })
        await channel.basicPublish("", this.#log, line, { deliveryMode: 2 }, true)
        await channel.prefetch(100)
        await new Promise<void>((resolve, reject) => {
          const from = { "x-stream-offset": this.#next === 0 ? "first" : this.#next }
          const consumed = channel.basicConsume(
            this.#log,
            { noAck: false, args: from },
            (message) => {
              // What comes after it was given up would leave a gap.
              if (!isReading) return
              const offset = Number(message.properties.headers?.["x-stream-offset"])
              if (this.#read(offset, message.bodyString() ?? "") === id) resolve()
              return message.ack()
            },
          )
          consumed.catch(reject)
        })
      })
      return this.#set
    } catch (error) {
      throw BrokerError.from(error, `cannot record in "${this.#log}"`)
    } finally {
      isReading = false
    }
  }

  /** The id of the entry, if it is one. A stream may deliver from somewhat before what was asked for. */
  #read(offset: number, line: string): string | undefined {
    if (!(offset >= this.#next)) return undefined
    this.#next = offset + 1
    const entry = parseEntry(line)
    if (entry !== undefined) this.#set = foldParkedKeys(this.#set, entry.event)
    return entry?.id
  }
}

/** `undefined` for what somebody else put there. */
function parseEntry(line: string): v.InferOutput<typeof entrySchema> | undefined {
  try {
    return v.parse(entrySchema, JSON.parse(line))
  } catch {
    return undefined
  }
}
