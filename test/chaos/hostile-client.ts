import { connect } from "node:net"
import type { Random } from "../support/seed.ts"
import type { Ledger } from "./ledger.ts"

export interface HostileClientOptions {
  /** Where messages are posted, of each router that listens at the moment. */
  readonly urls: () => readonly string[]
  readonly ledger: Ledger
  readonly random: Random
}

const pauseMsMax = 400
const patienceMs = 3_000

/** Requests that must be refused, by the head alone or for what is in the body. */
const refusals: readonly RequestInit[] = [
  { headers: { "x-partymq-reason": "forged" }, body: "{}" },
  { headers: { "partition-key": "k".repeat(5_000) }, body: "{}" },
  { headers: { "x-chaos-key": "\xff\xfe" }, body: "{}" },
  { headers: { "message-id": "i".repeat(300) }, body: "{}" },
  { headers: { "content-type": "application/json" }, body: '{"key":' },
  { headers: { "content-type": "application/json" }, body: "\u0000" },
]

/** What is written on a bare socket before it is closed, halfway through a message each. */
const fragments: readonly string[] = [
  "POST PATH HTTP/1.1\r\nHost: x\r\nX-Chaos-Key: half\r\nContent-Length: 5000\r\n\r\nhalf",
  "POST PATH HTTP/1.1\r\nHost: x\r\nX-Chaos-Key: half\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha",
  "POST PATH HTTP/1.1\r\nHost: x\r\nX-Chaos-Key: half\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf",
  "POST PATH HTTP/1.1\r\nHost: x\r\nContent-Le",
  "AMQP\u0000\u0000\u0009\u0001",
]

/** Sends what nobody may send: none of it may be accepted, and none of it may do any harm. */
export class HostileClient {
  readonly #options: HostileClientOptions
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  constructor(options: HostileClientOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { urls, random } = this.#options
    while (!this.#stop.signal.aborted) {
      await Bun.sleep(random.next() * pauseMsMax)
      const listening = urls()
      if (listening.length === 0) continue
      const url = random.pick(listening)
      if (random.next() < 0.5) await this.#refused(url, random.pick(refusals))
      else await abandon(new URL(url), random.pick(fragments))
    }
  }

  async #refused(url: string, request: RequestInit): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(patienceMs)])
    // A router that is killed or suspended meanwhile answers nothing.
    const answer = await fetch(url, { method: "POST", ...request, signal }).catch(() => undefined)
    if (answer === undefined) return
    await answer.text().catch(() => {})
    if (answer.status < 400 || answer.status === 500) {
      this.#options.ledger.violations.push(`a hostile request was answered ${answer.status}`)
    }
  }
}

/** Closes the connection behind the first bytes of a request. */
function abandon({ hostname, port, pathname }: URL, fragment: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.write(fragment.replace("PATH", pathname), "latin1", () => socket.resetAndDestroy())
    })
    socket.setTimeout(patienceMs, () => socket.destroy())
    socket.on("error", () => {})
    socket.on("close", () => resolve())
  })
}
