import type { Place } from "../../core/admission.ts"
import { bounds } from "../../core/bounds.ts"
import { OrderedLines } from "../../core/ordered-lines.ts"
import type { Incoming } from "../../core/outcome.ts"
import type { HttpDeps } from "../deps.ts"
import type { ProblemCode } from "../problem-catalogue.ts"
import type { BatchFormat } from "./batch-format.ts"
import type { BatchResults, ResultSlot } from "./batch-results.ts"
import { failedResult, lineResult } from "./line-result.ts"
import type { LineRoom } from "./line-room.ts"
import type { Item } from "./splitter.ts"

export interface BatchRunOptions {
  readonly deps: HttpDeps
  readonly topic: string
  readonly format: BatchFormat
  readonly room: LineRoom
  readonly results: BatchResults
  /** Whether no more lines are to be published. */
  readonly isOver: () => boolean
}

/** A message with the places that wait for it. */
interface Entry {
  readonly line: number
  readonly id: string
  readonly message: Incoming
  readonly slot: ResultSlot
}

/** Why no more is read. */
export interface Stop {
  readonly code: ProblemCode
  readonly detail: string
}

/** Publishes the lines of one batch, one by one as they come, as fast as there is room for them. */
export class BatchRun {
  readonly #options: BatchRunOptions
  readonly #lines: OrderedLines
  readonly #expiry: ReturnType<typeof setInterval>
  /** The latest line. */
  #line = 0
  #stop: Stop | undefined
  #brokerAwaitedUntilMs: number | undefined
  #roomAwaitedUntilMs: number | undefined

  constructor(options: BatchRunOptions) {
    this.#options = options
    const { router, now } = options.deps
    const { topic } = options
    this.#lines = new OrderedLines({
      send: (message, sending) => router.send(topic, message, sending),
      keyOf: (message) => this.#keyOf(message),
      timeoutMs: router.config.http.publishTimeoutMs,
      now,
    })
    this.#expiry = setInterval(() => this.#lines.expire(), bounds.batchExpiryCheckMs)
  }

  /** The number of the first line that was not taken. */
  get nextLine(): number {
    return this.#line + 1
  }

  /** Set: nothing more is to be taken. */
  get stop(): Stop | undefined {
    if (this.#lines.hasTooManyFailures) return tooManyFailures
    return this.#stop
  }

  /** Takes an item; the next one has to wait for the promise, if there is one. */
  take(item: Item): Promise<void> | undefined {
    const { deps, format, results, room } = this.#options
    if (item.kind === "broken") {
      this.#stop = { code: "invalid_batch", detail: item.detail }
      return undefined
    }
    const { line } = item
    this.#line = line
    const slot = results.open()
    if (item.kind === "tooLong") {
      this.#lines.refuse(undefined)
      results.settle(slot, failedResult("body_too_large", this.#tooLong, line, undefined))
      return undefined
    }
    const read = format.read(item.text, deps.newId)
    if (read.kind === "refused") {
      this.#lines.refuse(read.key)
      results.settle(slot, failedResult(read.code, read.detail, line, read.id))
      return undefined
    }
    const entry: Entry = { line, id: read.id, message: read.message, slot }
    const canGo = !results.isFull && !this.#isBrokerAway()
    const place = canGo ? room.tryEnter(sizeOf(read.message)) : undefined
    if (place === undefined) return this.#publishLater(entry)
    this.#roomAwaitedUntilMs = undefined
    this.#publish(entry, place)
    return undefined
  }

  /** Resolves once every line has its result, which takes bounded time. */
  settled(): Promise<void> {
    return this.#options.results.atMost(0)
  }

  close(): void {
    clearInterval(this.#expiry)
  }

  async #publishLater(entry: Entry): Promise<void> {
    const { deps, results } = this.#options
    await results.atMost(bounds.batchOpenLinesMax)
    await this.#brokerBack()
    const place = await this.#room(entry.message)
    if (place !== undefined) return this.#publish(entry, place)
    const { message, line, id, slot } = entry
    this.#lines.refuse(this.#keyOf(message))
    const [code, detail] = deps.stopping.aborted ? shuttingDown : noRoom
    results.settle(slot, failedResult(code, detail, line, id))
  }

  #publish({ message, line, id, slot }: Entry, place: Place): void {
    const { results } = this.#options
    this.#lines.publish(message, {
      told: (outcome) => results.settle(slot, lineResult(outcome, line, id)),
      released: place.leave,
    })
  }

  #isBrokerAway(): boolean {
    const isAway = this.#options.deps.router.unavailable() !== undefined
    if (!isAway) this.#brokerAwaitedUntilMs = undefined
    return isAway
  }

  /** A batch outlives a short absence; after a long one every line fails at once until it is over. */
  async #brokerBack(): Promise<void> {
    const { deps, isOver } = this.#options
    const { router, now } = deps
    while (this.#isBrokerAway() && !isOver()) {
      this.#brokerAwaitedUntilMs ??= now() + router.config.http.publishTimeoutMs
      if (now() >= this.#brokerAwaitedUntilMs) return
      await Bun.sleep(bounds.batchRecheckMs)
    }
  }

  /**
   * All lines together wait for so long: one after the other they would for hours, and the client would
   * never hear of those before.
   */
  async #room(message: Incoming): Promise<Place | undefined> {
    const { deps, room, isOver } = this.#options
    const { router, now } = deps
    this.#roomAwaitedUntilMs ??= now() + router.config.http.publishTimeoutMs
    const place = await room.enter(sizeOf(message), this.#roomAwaitedUntilMs, isOver)
    if (place !== undefined) this.#roomAwaitedUntilMs = undefined
    return place
  }

  #keyOf(message: Incoming) {
    const decision = this.#options.deps.router.explain(this.#options.topic, message)
    return decision.kind === "routed" ? decision.key : message.key
  }

  get #tooLong(): string {
    const { bodyBytesMax } = this.#options.deps.router.config.http
    return `the line is over ${bodyBytesMax} bytes, which is the most allowed`
  }
}

const sizeOf = ({ properties, body }: Incoming): number => properties.length + body.length

const shuttingDown = ["shutting_down", "PartyMQ is shutting down; it was not published"] as const
const noRoom = ["overloaded", "too much is in flight; it was not published"] as const

const tooManyFailures: Stop = {
  code: "too_many_failures",
  detail: "too many lines failed; mend the cause, then send the failed ones and the rest again",
}
