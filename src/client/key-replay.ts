import { bounds } from "../core/bounds.ts"
import type { Place } from "../core/consume/keyed-queue.ts"
import type { Job } from "./job.ts"
import type { ParkedEntry, ParkedKeys } from "./parked-keys.ts"
import { markerProperties } from "./parking-marker.ts"
import type { ParkingWriter } from "./parking-writer.ts"
import type { Subscription } from "./subscription.ts"

export interface KeyReplayOptions {
  readonly entry: ParkedEntry
  readonly keys: ParkedKeys
  readonly writer: ParkingWriter
  /** Of the partition; that of the parking queue shares its fate. */
  readonly partition: Subscription
  readonly prefetch: number
  /** To the parking queue. */
  readonly subscription: Subscription
  /** Opens it on the connection of the partition's. */
  readonly opened: (subscription: Subscription) => Promise<void>
  /** Nothing of it runs any more, and its channel is closed. */
  readonly closed: (subscription: Subscription) => void
  readonly trouble: (error: unknown) => void
}

/** Found out whether the parking queue is empty, and told. */
interface Ending {
  readonly marker: string
  readonly sinceMs: number
  /** The entry's when it began: a new owner of the partition changes it. */
  readonly version: number
  isReleasing: boolean
}

/**
 * The replay of one parked key, from its parking queue, by whoever the broker gives that to. The owner
 * of the partition ends it: once only little is left it puts a marker behind, and nothing of the key
 * behind that. When the marker has come back, the key is released.
 */
export class KeyReplay {
  readonly #options: KeyReplayOptions
  readonly #timer: ReturnType<typeof setInterval>
  #ending: Ending | undefined
  #releasing: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(options: KeyReplayOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#check(), bounds.replayCheckMs)
  }

  /** Nothing of the key may be put into the parking queue. */
  get isEnding(): boolean {
    return this.#ending !== undefined
  }

  async open(): Promise<void> {
    const { subscription, partition, opened, trouble } = this.#options
    partition.attached.add(subscription)
    try {
      await opened(subscription)
    } catch (error) {
      trouble(error)
      await this.close()
    }
  }

  /** Whether it was a marker; the replay's own shows that nothing is left. */
  takeMarker(place: Place<Job>): boolean {
    const { marker } = place.item
    if (marker === undefined) return false
    this.#options.subscription.done(place)
    const ending = this.#ending
    if (ending?.marker === marker && !ending.isReleasing) {
      ending.isReleasing = true
      this.#releasing = this.#release(ending)
    }
    return true
  }

  /** Finishes and acks what runs, and gives the rest back to the parking queue, in its place. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { subscription, partition, closed } = this.#options
    clearInterval(this.#timer)
    await subscription.drain().catch(() => {})
    partition.attached.delete(subscription)
    // Until then nothing more may come into the parking queue.
    await this.#releasing
    this.#ending = undefined
    closed(subscription)
  }

  #check(): void {
    const { keys, subscription, prefetch } = this.#options
    if (!keys.isOwner || this.#closing !== undefined) return
    // Of so few in memory, the parking queue has no more.
    const few = Math.min(bounds.replayTailMax, prefetch / 4)
    const { size } = subscription
    if (this.#ending !== undefined) {
      // Another member may have been given the marker.
      const isLong = performance.now() - this.#ending.sinceMs > bounds.replayEndMs
      if ((isLong && size === 0) || size > 2 * few) this.#goOn(this.#ending)
    } else if (subscription.isOpen && size <= few) void this.#end()
  }

  async #end(): Promise<void> {
    const { entry, writer, partition, trouble } = this.#options
    const { version, queue } = entry.answer
    const marker = crypto.randomUUID()
    const ending = { marker, version, sinceMs: performance.now(), isReleasing: false }
    this.#ending = ending
    await entry.appending?.catch(() => {})
    try {
      const mayGo = () => this.#ending === ending && !partition.isStopped
      await writer.write(queue, markerProperties(marker), new Uint8Array(0), mayGo)
    } catch (error) {
      if (!partition.isStopped) trouble(error)
      this.#goOn(ending)
    }
  }

  /** More of the key may be put into the parking queue. */
  #goOn(ending: Ending): void {
    if (this.#ending !== ending || ending.isReleasing) return
    this.#ending = undefined
    this.#options.keys.letGo(this.#options.entry)
  }

  /** Until it is answered nobody knows whether what comes next may still go into the parking queue. */
  async #release(ending: Ending): Promise<void> {
    const { keys, entry, trouble } = this.#options
    while (keys.isOwner) {
      try {
        if (await keys.release(entry, ending.version)) return
        ending.isReleasing = false
        return this.#goOn(ending)
      } catch (error) {
        trouble(error)
        await Bun.sleep(bounds.memberRetryFirstMs)
      }
    }
  }
}
