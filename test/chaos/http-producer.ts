import type { Random } from "../support/seed.ts"
import type { ChaosEvent } from "./chaos-event.ts"
import type { EventMaker } from "./event-maker.ts"
import type { Ledger } from "./ledger.ts"
import { Pace, tickMs } from "./pace.ts"
import type { Producer } from "./producer.ts"

export interface HttpProducerOptions {
  /** Where messages are posted, of each router that listens at the moment. */
  readonly urls: () => readonly string[]
  readonly groups: number
  readonly events: EventMaker
  readonly ledger: Ledger
  readonly perSecond: number
  readonly random: Random
}

const openMax = 32
const retryMs = 200
/** Longer than the router's own time limit: it has to answer before. */
const requestTimeoutMs = 8_000
const retriable: readonly number[] = [429, 503, 504]

/** Posts events, one at a time for each key, and each until it is answered 202. */
export class HttpProducer implements Producer {
  readonly #options: HttpProducerOptions
  readonly #posts = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  #isPaused = false
  readonly #running: Promise<void>

  constructor(options: HttpProducerOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  get open(): number {
    return this.#posts.size
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await Promise.all(this.#posts)
  }

  async #run(): Promise<void> {
    const pace = new Pace(this.#options.perSecond)
    while (!this.#stop.signal.aborted) {
      await Bun.sleep(tickMs)
      const due = pace.due()
      for (let i = 0; i < due && !this.#isPaused && this.open < openMax; i++) {
        const event = this.#options.events.next()
        if (event === undefined) continue
        const post = this.#post(event).finally(() => this.#posts.delete(post))
        this.#posts.add(post)
      }
    }
  }

  /** To any router: the key has nothing else on its way, so it does not matter which. */
  async #post(event: ChaosEvent): Promise<void> {
    const { urls, events, ledger, random } = this.#options
    while (!this.#stop.signal.aborted) {
      const listening = urls()
      if (listening.length > 0 && (await this.#try(event, random.pick(listening)))) {
        events.settled(event)
        return
      }
      await Bun.sleep(retryMs * (1 + random.next()))
      ledger.resent += 1
    }
  }

  /** Whether it was answered for good. */
  async #try(event: ChaosEvent, url: string): Promise<boolean> {
    const { ledger, groups } = this.#options
    try {
      const answer = await fetch(url, {
        method: "POST",
        body: event.body,
        headers: [
          ["content-type", event.contentType],
          ["message-id", event.id],
          ...event.headers.map(([name, value]): [string, string] => [name, value]),
        ],
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(requestTimeoutMs)]),
      })
      const said = (await answer.json()) as { placements?: readonly unknown[] }
      if (retriable.includes(answer.status)) return false
      if (event.isPoison && answer.status === 422) return true
      if (answer.status === 202 && !event.isPoison && said.placements?.length === groups) {
        ledger.confirm("http", event)
        return true
      }
      ledger.violations.push(`"${event.id}" was answered ${answer.status} over HTTP`)
      return true
    } catch {
      return false // the connection failed or the router was stopped: what became of it is unknown
    }
  }
}
