import { AMQPClient, type AMQPMessage } from "@cloudamqp/amqp-client"

export interface OldClientOptions {
  readonly amqpUrl: string
  readonly httpUrl: string
  readonly name: string
  readonly queue?: {
    readonly durable?: boolean
    readonly exclusive?: boolean
    readonly type?: "classic" | "quorum"
    readonly args?: Readonly<Record<string, string | number | boolean>>
  }
  /** Told of each message; acked once it resolves. Without, nothing is consumed. */
  readonly handle?: (message: AMQPMessage) => void | Promise<void>
  readonly prefetch?: number
}

/** A client as those of the original PartyMQ are: it brings its own queue, and speaks HTTP. */
export class OldClient {
  readonly options: OldClientOptions
  readonly queue: string
  isCrashed = false
  #connection: AMQPClient | undefined
  #beat: ReturnType<typeof setInterval> | undefined

  constructor(options: OldClientOptions) {
    this.options = options
    this.queue = `queue of ${options.name}`
  }

  /** Binds, declares and binds its queue, consumes it and says that it is ready. */
  async start(): Promise<void> {
    const { routingKey, exchange } = (await this.said("bind")) as Record<string, string>
    await this.declare(exchange!, routingKey!)
    await this.consume()
    await this.said("ready")
    this.#beat = setInterval(() => this.say("heartbeat").catch(() => {}), 200)
  }

  async declare(exchange: string, routingKey: string): Promise<void> {
    const { queue = {} } = this.options
    const channel = await (await this.#connected()).channel()
    const settings = { durable: queue.durable ?? true, exclusive: queue.exclusive ?? false }
    const args = { "x-queue-type": queue.type ?? "classic", ...queue.args }
    await channel.queueDeclare(this.queue, settings, args)
    await channel.queueBind(this.queue, exchange, routingKey)
    await channel.close()
  }

  async consume(): Promise<void> {
    const { handle, prefetch = 20 } = this.options
    if (handle === undefined) return
    const channel = await (await this.#connected()).channel()
    channel.onerror = () => {}
    await channel.prefetch(prefetch)
    let work = Promise.resolve()
    await channel.basicConsume(this.queue, { noAck: false }, (message) => {
      work = work.then(async () => {
        await handle(message)
        if (!channel.closed) message.ack().catch(() => {})
      })
    })
  }

  /** Ends like a process that was killed. */
  crash(): void {
    this.isCrashed = true
    clearInterval(this.#beat)
    this.#connection?.close().catch(() => {})
    this.#connection = undefined
  }

  /** Says so, and ends. */
  async leave(): Promise<void> {
    clearInterval(this.#beat)
    await this.said("unbind")
    this.crash()
  }

  say(step: string, body?: object): Promise<Response> {
    const { httpUrl, name } = this.options
    const init = { method: "POST", ...(body && { body: JSON.stringify(body) }) }
    return fetch(`${httpUrl}/clients/${encodeURIComponent(name)}/${step}`, init)
  }

  async said(step: string, body?: object): Promise<unknown> {
    const answer = await this.say(step, body)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${step} of ${this.options.name}: ${answer.status} ${text}`)
    return text === "" ? undefined : JSON.parse(text)
  }

  async #connected(): Promise<AMQPClient> {
    if (this.#connection === undefined) {
      this.#connection = new AMQPClient(`${this.options.amqpUrl}?heartbeat=10`)
      this.#connection.onerror = () => {}
      await this.#connection.connect()
    }
    return this.#connection
  }
}
