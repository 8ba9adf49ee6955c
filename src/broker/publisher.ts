import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { bounds } from "../core/bounds.ts"
import type { Lane, LaneOptions, Parcel } from "../core/lane.ts"
import { Outbox } from "../core/outbox.ts"
import type { RouterStats } from "../core/stats.ts"
import { ContentFrames, propertiesBytesMax, publishFrame } from "../wire/frames.ts"
import { answered } from "./answered.ts"
import { readChannelEnd } from "./channel-end.ts"
import type { Connection } from "./connection.ts"

export interface PublisherOptions {
  /** Its gauge is kept here: how long the oldest publish has been unconfirmed. */
  readonly stats: Pick<RouterStats, "oldestUnconfirmedSeconds">
  /** A queue has refused something, or is missing. */
  readonly troubled: (lane: Lane, isMissing: boolean) => void
  /** An oldest publish unconfirmed for this long: the connection is given up. */
  readonly confirmTimeoutMs: number
  /** The broker closed the channel over something published on it; another is opened. */
  readonly channelClosed: (reason: string) => void
  /** No confirm came in time: of one of these queues at least. */
  readonly unanswered: (queues: readonly string[]) => void
  /** Makes a queue that publishes came back from. */
  readonly redeclare: (queue: string) => Promise<void>
}

/** The open channel that the outbox publishes on. */
interface OpenChannel {
  readonly connection: Connection
  readonly channel: AMQPChannel
  /** The publish method frame of each queue; the same for every message. */
  readonly frames: Map<string, Uint8Array>
}

/**
 * Sends what the outbox decides, on one channel in confirm mode, and tells it what the broker
 * answers. Survives connections: `open` with each new one, `lost` when it is gone.
 */
export class Publisher {
  readonly #options: PublisherOptions
  readonly #outbox: Outbox
  readonly #lanesByQueue = new Map<string, Lane>()
  #open: OpenChannel | undefined
  #watch: ReturnType<typeof setInterval> | undefined

  constructor(options: PublisherOptions) {
    this.#options = options
    this.#outbox = new Outbox({
      publish: (parcel) => this.#publish(parcel),
      backOff: (lane, turn, delayMs, declare) => this.#backOff(lane, turn, delayMs, declare),
      gather: () => setTimeout(() => this.#outbox.gathered(), bounds.gatherMs),
    })
  }

  /** Lanes by queue name. */
  get lanes(): ReadonlyMap<string, Lane> {
    return this.#lanesByQueue
  }

  /** Queues that do not answer while others do. */
  get mute(): readonly string[] {
    return this.#outbox.mute
  }

  /** Copies whose fate is open: in flight, or waiting to be sent (again). */
  get unsettled(): number {
    let count = 0
    for (const lane of this.#lanesByQueue.values()) count += lane.size
    return count
  }

  /** The way to a queue; made on the first call for it. */
  addLane(options: LaneOptions): Lane {
    const known = this.#lanesByQueue.get(options.queue)
    if (known !== undefined) return known
    const lane = this.#outbox.addLane(options)
    this.#lanesByQueue.set(options.queue, lane)
    options.stats.lanes.push(lane)
    return lane
  }

  /** Forgets the way to a queue, once nothing is on it. */
  removeLane(lane: Lane): void {
    this.#outbox.removeLane(lane)
    this.#lanesByQueue.delete(lane.queue)
    this.#open?.frames.delete(lane.queue)
    const { lanes } = lane.options.stats
    const at = lanes.indexOf(lane)
    if (at >= 0) lanes.splice(at, 1)
  }

  /** Starts publishing on a new connection, what is left from an older one first. */
  async open(connection: Connection): Promise<void> {
    const channel = await connection.rawChannel(
      {
        confirmed: (tag, multiple) => this.#outbox.confirmed(tag, multiple),
        refused: (tag, multiple) => this.#outbox.refused(tag, multiple),
        returned: (queue, content) => this.#lanesByQueue.get(queue)?.returned(content),
      },
      (reason) => this.#channelClosed(connection, reason),
    )
    await channel.confirmSelect()
    this.#open = { connection, channel, frames: new Map() }
    this.#watchConfirms(connection)
    this.#outbox.opened(propertiesBytesMax(connection.frameMax))
  }

  /** Publishes nothing to these queues as long as they are named here. */
  bar(queues: { has(queue: string): boolean }): void {
    this.#outbox.bar(queues)
  }

  /** The connection is gone, for a reason in which the broker may have had its say. */
  lost(reason: string): void {
    clearInterval(this.#watch)
    this.#options.stats.oldestUnconfirmedSeconds = 0
    if (this.#open === undefined) return
    this.#open = undefined
    this.#outbox.closed(readChannelEnd(reason))
  }

  /**
   * The broker closed the channel. What is unconfirmed may have arrived or not, as after a lost
   * connection. Over a message it may do so several times, so the connection stays: finding that
   * message must not cost all others a reconnect each time.
   */
  async #channelClosed(connection: Connection, said: string): Promise<void> {
    const reason = `the publish channel was closed: ${said}`
    if (readChannelEnd(said).kind === "lost") return connection.destroy(reason)
    this.#options.channelClosed(said)
    const strikes = this.#outbox.strikes
    this.lost(said)
    // A broker in trouble gets some time to come round before a message is blamed again.
    const isBlamed = this.#outbox.strikes > strikes
    await Bun.sleep(isBlamed ? bounds.strikePauseMs : bounds.channelReopenMs)
    if (connection.closed || this.#open !== undefined) return
    const opening = answered(bounds.requestTimeoutMs, this.open(connection), "opening a channel")
    await opening.catch(() => connection.destroy(reason))
  }

  #publish({ letter, lane }: Parcel): void {
    if (this.#open === undefined) return
    const { connection, channel, frames } = this.#open
    let method = frames.get(lane.queue)
    if (method === undefined) {
      method = publishFrame(channel.id, lane.queue, lane.options.exchange)
      frames.set(lane.queue, method)
    }
    const { properties, body } = letter
    const content = new ContentFrames(channel.id, method, properties, body, connection.frameMax)
    connection.write(content)
  }

  #backOff(lane: Lane, turn: number, delayMs: number, declare: boolean): void {
    this.#options.troubled(lane, declare)
    setTimeout(async () => {
      // A queue made on behalf of an older channel would take what is in flight on this one halfway.
      if (!lane.isBackingOff(turn)) return
      // If it cannot be made the publish comes back once more, and is counted.
      if (declare) await this.#options.redeclare(lane.queue).catch(() => {})
      this.#outbox.retry(lane, turn)
    }, delayMs)
  }

  /** Heartbeats do not tell that a broker has stopped confirming; the age of the oldest publish does. */
  #watchConfirms(connection: Connection): void {
    clearInterval(this.#watch)
    const { confirmTimeoutMs, stats } = this.#options
    this.#watch = setInterval(() => {
      if (connection.blocked !== undefined) this.#outbox.owesNoAnswers()
      // One that is still taking a large message, over a slow line, cannot answer it yet.
      const isTaking = connection.hasTakenSome()
      const nowMs = performance.now()
      const { oldestMs, isDead } = this.#outbox.checkAnswers(nowMs, confirmTimeoutMs, isTaking)
      stats.oldestUnconfirmedSeconds = oldestMs / 1000
      if (!isDead) return
      this.#options.unanswered(this.#outbox.unconfirmedQueues)
      connection.destroy(`no confirm for ${confirmTimeoutMs} ms`)
    }, bounds.confirmCheckIntervalMs)
  }
}
