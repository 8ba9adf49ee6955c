import type { AMQPChannel } from "@cloudamqp/amqp-client"
import type { Connection } from "../../src/broker/connection.ts"
import { TagWindow } from "../../src/core/tag-window.ts"
import { ContentFrames, publishFrame } from "../../src/wire/frames.ts"
import { connect } from "../support/raw-client.ts"
import { type ChaosEvent, propertiesOf } from "./chaos-event.ts"
import type { EventMaker } from "./event-maker.ts"
import type { Ledger } from "./ledger.ts"
import { Pace, tickMs } from "./pace.ts"
import type { Producer } from "./producer.ts"

export interface AmqpProducerOptions {
  readonly url: string
  readonly queue: string
  readonly events: EventMaker
  readonly ledger: Ledger
  readonly perSecond: number
}

const openMax = 300
const reconnectMs = 200

/**
 * Publishes to the source queue with confirms. After a lost connection, and after a refusal, it
 * publishes everything unconfirmed again on a new one, in order: one alone until its confirm, as a
 * broker that has just come up may refuse one and take the next.
 */
export class AmqpProducer implements Producer {
  readonly #options: AmqpProducerOptions
  readonly #open = new Set<ChaosEvent>()
  #connection: Connection | undefined
  #isPaused = false
  #isStopped = false
  readonly #running: Promise<void>

  constructor(options: AmqpProducerOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  get open(): number {
    return this.#open.size
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#connection?.destroy()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      // A broker that is away is what this is about; the next try is soon enough.
      await this.#session().catch(() => {})
      await Bun.sleep(reconnectMs)
    }
  }

  async #session(): Promise<void> {
    const connection = await connect(this.#options.url)
    try {
      this.#connection = connection
      const lost = Promise.withResolvers<void>()
      const isLost = () => this.#connection !== connection
      connection.onLost = () => {
        this.#connection = undefined
        lost.resolve()
      }
      if (this.#isStopped) return
      await Promise.race([lost.promise, this.#publishOn(connection, isLost)])
    } finally {
      connection.destroy()
    }
  }

  async #publishOn(connection: Connection, isLost: () => boolean): Promise<void> {
    const window = new TagWindow<ChaosEvent>()
    const channel = await connection.rawChannel(
      {
        confirmed: (tag, multiple) => {
          if (!isLost()) window.settle(tag, multiple, (event) => this.#settled(event))
        },
        refused: () => connection.destroy("refused"),
      },
      (reason) => connection.destroy(reason),
    )
    await channel.confirmSelect()
    const send = (event: ChaosEvent) => {
      window.push(event)
      this.#send(connection, channel, event)
    }
    const [first, ...others] = this.#open
    this.#options.ledger.resent += this.#open.size
    if (first !== undefined) send(first)
    while (window.size > 0 && !isLost()) await Bun.sleep(tickMs)
    if (isLost()) return
    for (const event of others) send(event)
    const pace = new Pace(this.#options.perSecond)
    while (!this.#isStopped && !isLost()) {
      await Bun.sleep(tickMs)
      const due = pace.due()
      for (let i = 0; i < due && !this.#isPaused && this.#open.size < openMax; i++) this.#make(send)
    }
  }

  #make(send: (event: ChaosEvent) => void): void {
    const event = this.#options.events.next()
    if (event === undefined) return
    this.#open.add(event)
    send(event)
  }

  #send(connection: Connection, channel: AMQPChannel, event: ChaosEvent): void {
    const method = publishFrame(channel.id, this.#options.queue)
    const properties = propertiesOf(event)
    const { frameMax } = connection
    connection.write(new ContentFrames(channel.id, method, properties, event.body, frameMax))
  }

  #settled(event: ChaosEvent): void {
    this.#open.delete(event)
    this.#options.events.settled(event)
    this.#options.ledger.confirm("amqp", event)
  }
}
