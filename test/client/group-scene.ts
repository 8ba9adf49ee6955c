import { afterEach } from "bun:test"
import { type Consumer, type ConsumerOptions, createConsumer } from "../../src/client/index.ts"
import { type HttpServer, serveHttp } from "../../src/http/serve-http.ts"
import type { Router } from "../../src/router.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { management } from "../support/management.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import type { Vhost } from "../support/vhost.ts"

/** Long enough for a machine that is busy with other things, and no initial delay. */
const times = { sessionTimeoutMs: 5_000, drainTimeoutMs: 30_000, initialDelayMs: 0 }
const topic = "t"
const group = "g"

export interface SceneOptions {
  readonly url: string
  readonly type: "classic" | "quorum"
  readonly partitions?: number
  readonly drainTimeoutMs?: number
  readonly key?: readonly { readonly use: string; readonly [option: string]: unknown }[]
}

type JoinOptions = Partial<ConsumerOptions> & Pick<ConsumerOptions, "handler">

/** A router in this process, and consumers of its only group. */
export class GroupScene {
  readonly url: string
  #router: Router
  readonly #consumers: Consumer[] = []
  #server: HttpServer

  private constructor(url: string, router: Router) {
    this.url = url
    this.#router = router
    this.#server = serveHttp(router, quietLog)
  }

  static async open(options: SceneOptions): Promise<GroupScene> {
    const { url, type, partitions = 4, drainTimeoutMs = times.drainTimeoutMs, key } = options
    const members = { ...times, drainTimeoutMs }
    const groups = { [group]: { partitions, queue: { type }, members } }
    const router = await startedRouter({
      amqp: { url },
      http: { host: "127.0.0.1", port: 0 },
      topics: {
        [topic]: {
          key: [...(key ?? [{ use: "header", name: "k" }])],
          deadLetter: { type },
          groups,
        },
      },
    })
    return new GroupScene(url, router)
  }

  get router(): Router {
    return this.#router
  }

  get http(): string {
    return this.#server.url
  }

  /** A consumer that has joined; closed with the scene. */
  async join(options: JoinOptions): Promise<Consumer> {
    const consumer = this.begin(options)
    await consumer.ready
    return consumer
  }

  /** The same, that may not have joined yet. */
  begin(options: JoinOptions): Consumer {
    const consumer = createConsumer({ amqp: this.url, http: this.http, topic, group, ...options })
    this.#consumers.push(consumer)
    return consumer
  }

  async publish(key: string, body: string): Promise<void> {
    const properties = encodeProperties({ deliveryMode: 2, headers: [["k", key]] })
    const message = { properties, body: Buffer.from(body) }
    const { kind } = await this.router.publish(topic, message)
    if (kind !== "accepted") throw new Error(`a message was not accepted but ${kind}`)
  }

  /** Numbered messages of each of these keys, those of a key in their order. */
  async publishAll(keys: readonly string[], count: number): Promise<void> {
    const all = keys.map(async (key) => {
      for (let n = 1; n <= count; n++) await this.publish(key, String(n))
    })
    await Promise.all(all)
  }

  /** PartyMQ is stopped and started, on the same port; its messages flow on. */
  async restartHttp(pauseMs: number): Promise<void> {
    const { port } = this.#server
    await this.#server.stop()
    await Bun.sleep(pauseMs)
    const config = { ...this.router.config, http: { ...this.router.config.http, port } }
    this.#server = serveHttp({ ...this.router, config }, quietLog)
  }

  /** PartyMQ is stopped, and another is started on the same port that knows nothing of it. */
  async restart(): Promise<void> {
    const { port } = this.#server
    await this.#server.stop()
    await this.#router.stop()
    const { config } = this.#router
    const input = { ...config, http: { ...config.http, port } }
    this.#router = await startedRouter({
      amqp: { url: this.url },
      http: { host: "127.0.0.1", port },
      topics: input.topics as never,
    })
    this.#server = serveHttp(this.#router, quietLog)
  }

  async close(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.close({ timeoutMs: 5_000 })))
    await this.#server.stop()
    await this.router.stop()
  }
}

export const keysNamed = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `k${n}`)

/** Opens scenes in a vhost that is emptied before each, one at a time; closed after the test. */
export function withScene(
  vhost: Vhost,
): (options: Omit<SceneOptions, "url">) => Promise<GroupScene> {
  let scene: GroupScene | undefined
  afterEach(async () => {
    await scene?.close()
    scene = undefined
  })
  return async (options) => {
    const queues = (await management("GET", `/api/queues/${vhost.name}`)) as { name: string }[]
    for (const { name } of queues) await management("DELETE", `/api/queues/${vhost.name}/${name}`)
    scene = await GroupScene.open({ url: vhost.url, ...options })
    return scene
  }
}
