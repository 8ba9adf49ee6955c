import { answered } from "../broker/answered.ts"
import type { Connection } from "../broker/connection.ts"
import { bounds } from "../core/bounds.ts"
import type { Place } from "../core/consume/keyed-queue.ts"
import type { Dispatcher } from "./dispatcher.ts"
import type { EventBook } from "./event-book.ts"
import type { Job } from "./job.ts"
import type { MembersApiOptions } from "./members-api.ts"
import { replaySubscription } from "./new-subscription.ts"
import { type ParkedEntry, ParkedKeys } from "./parked-keys.ts"
import { type ParkedKeysApi, parkedKeysApi } from "./parked-keys-api.ts"
import { ParkingWriter } from "./parking-writer.ts"
import type { Poison } from "./poison.ts"
import type { Subscription } from "./subscription.ts"

export interface ParkingOptions {
  readonly connection: Connection
  readonly confirmTimeoutMs: number
  readonly http: MembersApiOptions
  readonly prefetch: number
  readonly consumerTag: string
  readonly dispatcher: Dispatcher
  readonly events: EventBook
}

/** Parks keys, and replays them, for one membership: on its connection, of all its partitions. */
export class Parking {
  readonly #options: ParkingOptions
  readonly #api: ParkedKeysApi
  readonly #writer: ParkingWriter
  /** By the subscription to the partition queue. */
  readonly #partitions = new Map<Subscription, ParkedKeys>()
  /** By the subscription to the parking queue. */
  readonly #replays = new Map<Subscription, { keys: ParkedKeys; entry: ParkedEntry }>()

  constructor(options: ParkingOptions) {
    this.#options = options
    this.#api = parkedKeysApi(options.http)
    this.#writer = new ParkingWriter(options.connection, options.confirmTimeoutMs)
    const { onLost } = options.connection
    options.connection.onLost = (reason) => {
      this.#writer.lost(reason)
      onLost(reason)
    }
  }

  /** A partition's first message was delivered: resolves once its parked keys are known. */
  async admit(subscription: Subscription): Promise<void> {
    await this.#keysOf(subscription).claim()
  }

  subscribed(subscription: Subscription): void {
    void this.#keysOf(subscription).start()
  }

  unsubscribed(subscription: Subscription): void {
    this.#partitions.get(subscription)?.stop()
    this.#partitions.delete(subscription)
  }

  sawVersion(version: number | undefined): void {
    if (version === undefined) return
    for (const keys of this.#partitions.values()) keys.sawVersion(version)
  }

  /** Deals with a message that is not for the handler. Returns whether it was one; never rejects. */
  async take(place: Place<Job>, subscription: Subscription, delayMs: Delay): Promise<boolean> {
    const { item: job } = place
    const replayed = this.#replays.get(subscription)
    if (replayed !== undefined) return replayed.entry.replay?.takeMarker(place) ?? false
    try {
      const taken = await this.#partitions.get(subscription)?.take(place)
      if (taken === "parked" && !subscription.isLost) {
        subscription.done(place)
        const detail = "an earlier message of its key is parked"
        this.#options.events.emit("parked", { message: job.message, detail })
      }
      return taken !== undefined
    } catch (error) {
      job.poisonFailures += 1
      subscription.retryLater(place, delayMs(job.poisonFailures))
      this.#options.events.troubled(error)
      return true
    }
  }

  /**
   * Parks the key of a message that has failed for good. `undefined`: it has none that is known.
   * @throws {Error} when that is not certain
   */
  async putAway(
    job: Job,
    subscription: Subscription,
    { detail }: Poison,
  ): Promise<"parked" | "kept" | undefined> {
    const replayed = this.#replays.get(subscription)
    if (replayed !== undefined) {
      await replayed.keys.parkAgain(replayed.entry, detail)
      return "kept"
    }
    const keys = this.#partitions.get(subscription)
    if (keys === undefined) throw new Error("the partition is not this consumer's any more")
    if (job.message.key === undefined) return undefined
    await keys.park(job, detail)
    return "parked"
  }

  #keysOf(partition: Subscription): ParkedKeys {
    const known = this.#partitions.get(partition)
    if (known !== undefined) return known
    const { prefetch, consumerTag, connection, dispatcher, events } = this.#options
    const ready = () => dispatcher.start()
    const keys: ParkedKeys = new ParkedKeys({
      api: this.#api,
      prefetch,
      writer: this.#writer,
      subscription: partition,
      newReplay: (entry, key, ended) => {
        const { queue } = entry.answer
        const place = { ...partition.place, queue }
        const replay = replaySubscription(place, key, { prefetch, consumerTag, ready, ended })
        this.#replays.set(replay, { keys, entry })
        return replay
      },
      async opened(replay) {
        dispatcher.add(replay)
        const opening = replay.open(connection)
        await answered(bounds.requestTimeoutMs, opening, `subscribing to "${replay.place.queue}"`)
      },
      closed: (replay) => {
        dispatcher.remove(replay)
        this.#replays.delete(replay)
      },
      resumed: (key) => events.emit("resumed", { key, partition: partition.place.partition }),
      trouble: (error) => events.troubled(error),
    })
    this.#partitions.set(partition, keys)
    return keys
  }
}

type Delay = (failures: number) => number
