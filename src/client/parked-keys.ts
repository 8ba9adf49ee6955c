import type { Place } from "../core/consume/keyed-queue.ts"
import { sentProperties } from "../wire/redelivery.ts"
import type { Job } from "./job.ts"
import { KeyReplay } from "./key-replay.ts"
import { memberBackoffMs } from "./member-backoff-ms.ts"
import type { ParkedKeyAnswer, ParkedKeyAnswers, ParkedKeysApi } from "./parked-keys-api.ts"
import type { ParkingWriter } from "./parking-writer.ts"
import type { Subscription } from "./subscription.ts"

export interface ParkedKeysOptions {
  readonly api: ParkedKeysApi
  readonly prefetch: number
  readonly writer: ParkingWriter
  /** Of the partition. */
  readonly subscription: Subscription
  /** A subscription to a parking queue, which is not open yet and takes part in nothing. */
  readonly newReplay: (entry: ParkedEntry, key: Uint8Array, ended: () => void) => Subscription
  readonly opened: (replay: Subscription) => Promise<void>
  readonly closed: (replay: Subscription) => void
  readonly resumed: (key: Uint8Array) => void
  readonly trouble: (error: unknown) => void
}

/** A key that PartyMQ has recorded as parked, or as resuming. */
export interface ParkedEntry {
  answer: ParkedKeyAnswer
  /** While what is parked is handled, and until that has come to its end. */
  replay?: KeyReplay
  /** A message on its way into the parking queue. */
  appending?: Promise<void>
  /** Taken from the partition queue, and held while it is found out whether the parking queue is empty. */
  readonly held: Place<Job>[]
}

/**
 * The parked keys of one partition, as far as its subscription has to know them. Nothing is handled
 * before they were asked for once the partition is this consumer's, and then:
 *
 * 1. A key is recorded as parked before a message of it goes into its parking queue.
 * 2. Until PartyMQ has it recorded as released, every message of it goes there, in order.
 * 3. It is released when a marker has come back through the parking queue behind which nothing was put.
 */
export class ParkedKeys {
  readonly #options: ParkedKeysOptions
  readonly #entries = new Map<string, ParkedEntry>()
  /** So that no answer is older than the one before. */
  #last: Promise<unknown> = Promise.resolve()
  #version: number | undefined
  #isOwner = false

  constructor(options: ParkedKeysOptions) {
    this.#options = options
  }

  /** The partition is certainly this consumer's: it was delivered something, and then has claimed it. */
  get isOwner(): boolean {
    return this.#isOwner && !this.#isOver
  }

  /** What is resuming is replayed, even if nothing new comes. */
  async start(): Promise<void> {
    await this.#untilAnswered((api, partition) => api.list(partition))
  }

  /** Resolves once it is known which keys are parked, or nothing is to be handled any more. */
  async claim(): Promise<void> {
    this.#isOwner = await this.#untilAnswered((api, partition) => api.claim(partition))
  }

  /** PartyMQ says that parked keys of the group have changed. */
  sawVersion(version: number): void {
    if (version !== this.#version && !this.#isOver) this.refresh().catch(() => {})
  }

  async refresh(): Promise<void> {
    await this.#ask((api, partition) => api.list(partition))
  }

  /** The partition is given up. */
  stop(): void {
    for (const { replay } of this.#entries.values()) void replay?.close()
  }

  /** Whether the message is dealt with, because its key is parked. Of its rejection the caller retries. */
  async take(place: Place<Job>): Promise<"parked" | "held" | undefined> {
    const { message, poison } = place.item
    const entry = message.key && this.#entries.get(base64(message.key))
    // One that has failed for good has been handled directly, so that its key is parked anew.
    if (entry === undefined || poison !== undefined) return undefined
    if (entry.replay?.isEnding) {
      entry.held.push(place)
      return "held"
    }
    await this.#append(entry, place.item)
    return "parked"
  }

  /** Parks the key of a message that has failed for good, and puts it first. */
  async park({ message, ...job }: Job, detail: string): Promise<void> {
    const key = base64(message.key!)
    const answer = await this.#inTurn((api, partition) => api.park(key, partition, detail))
    const entry = this.#learn(answer)
    if (entry.replay?.isEnding) throw new Error("the key is about to be released")
    await this.#append(entry, { message, ...job })
    this.#act()
  }

  /** A message of a parking queue has failed for good: it stays where it is, the first. */
  async parkAgain(entry: ParkedEntry, detail: string): Promise<void> {
    const { keyBase64 } = entry.answer
    const answer = await this.#inTurn((api, partition) => api.park(keyBase64, partition, detail))
    this.#learn(answer)
    this.#act()
  }

  /** Whether PartyMQ has it recorded as released; else it is known again as it is. */
  async release(entry: ParkedEntry, version: number): Promise<boolean> {
    const { keyBase64 } = entry.answer
    const isReleased = await this.#inTurn((api) => api.release(keyBase64, version))
    if (!isReleased) await this.refresh()
    else if (this.#entries.get(keyBase64) === entry) {
      this.#options.resumed(bytesOf(entry))
      this.#forget(entry)
    }
    return isReleased
  }

  /** What was held goes where the key's messages go now. */
  letGo({ held }: ParkedEntry): void {
    for (const place of held.splice(0)) this.#options.subscription.retry(place)
  }

  get #isOver(): boolean {
    return this.#options.subscription.isStopped
  }

  #append(entry: ParkedEntry, { delivery }: Job): Promise<void> {
    const { writer, subscription } = this.#options
    const properties = sentProperties(delivery, subscription.place.queueType)
    const mayGo = () => !subscription.isLost
    const appending = writer.write(entry.answer.queue, properties, delivery.body, mayGo)
    entry.appending = appending
    return appending.finally(() => {
      if (entry.appending === appending) delete entry.appending
    })
  }

  async #untilAnswered(asking: Asking<ParkedKeyAnswers>): Promise<boolean> {
    for (let failures = 1; ; failures++) {
      if (this.#isOver) return false
      try {
        await this.#ask(asking)
        return true
      } catch (error) {
        this.#options.trouble(error)
        await Bun.sleep(memberBackoffMs(failures))
      }
    }
  }

  async #ask(asking: Asking<ParkedKeyAnswers>): Promise<void> {
    await this.#inTurn(async (api, partition) => {
      const { version, keys } = await asking(api, partition)
      this.#version = version
      for (const each of keys) this.#learn(each)
      const listed = new Set(keys.map(({ keyBase64 }) => keyBase64))
      for (const [key, entry] of this.#entries) if (!listed.has(key)) this.#forget(entry)
    })
    this.#act()
  }

  #inTurn<T>(asking: Asking<T>): Promise<T> {
    const { api, subscription } = this.#options
    const turn = this.#last.then(() => asking(api, subscription.place.partition))
    this.#last = turn.catch(() => {})
    return turn
  }

  #learn(answer: ParkedKeyAnswer): ParkedEntry {
    const found = this.#entries.get(answer.keyBase64)
    if (found?.answer.queue === answer.queue) {
      found.answer = answer
      return found
    }
    if (found !== undefined) this.#forget(found)
    const entry: ParkedEntry = { answer, held: [] }
    this.#entries.set(answer.keyBase64, entry)
    return entry
  }

  #forget(entry: ParkedEntry): void {
    const { keyBase64 } = entry.answer
    if (this.#entries.get(keyBase64) === entry) this.#entries.delete(keyBase64)
    void entry.replay?.close()
    this.letGo(entry)
  }

  /** Replays what is to be, and nothing else. */
  #act(): void {
    for (const entry of this.#entries.values()) {
      const isResuming = entry.answer.state === "resuming"
      if (!isResuming) void entry.replay?.close()
      else if (entry.replay === undefined && !this.#isOver) this.#replay(entry)
    }
  }

  #replay(entry: ParkedEntry): void {
    const { subscription, writer, prefetch, newReplay, opened, closed, trouble } = this.#options
    const replay = new KeyReplay({
      ...{ entry, writer, prefetch, keys: this, partition: subscription, opened, trouble },
      subscription: newReplay(entry, bytesOf(entry), () => void replay.close()),
      closed: (replayed) => {
        closed(replayed)
        delete entry.replay
        this.letGo(entry)
        // Whether it is to go on is asked anew.
        if (this.#entries.get(entry.answer.keyBase64) === entry) this.#version = undefined
      },
    })
    entry.replay = replay
    void replay.open()
  }
}

type Asking<T> = (api: ParkedKeysApi, partition: number) => Promise<T>

const base64 = (key: Uint8Array): string => Buffer.from(key).toString("base64")
const bytesOf = ({ answer }: ParkedEntry): Uint8Array => Buffer.from(answer.keyBase64, "base64")
