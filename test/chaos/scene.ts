import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { deadLetterQueue } from "../../src/core/generation.ts"
import { type PrivateBroker, startPrivateBroker } from "../support/private-broker.ts"
import { type Random, randomFrom } from "../support/seed.ts"
import { until } from "../support/until.ts"
import { AmqpProducer } from "./amqp-producer.ts"
import { BrokerAccount } from "./broker-account.ts"
import { groups, queuesOf, sourceQueue, topic, writeConfig } from "./chaos-topic.ts"
import { DeadLetterWatch } from "./dead-letter-watch.ts"
import { EventMaker } from "./event-maker.ts"
import { GroupWatch } from "./group-watch.ts"
import { HostileClient } from "./hostile-client.ts"
import { HttpProducer } from "./http-producer.ts"
import { Ledger } from "./ledger.ts"
import type { Producer } from "./producer.ts"
import { QueueConsumer } from "./queue-consumer.ts"
import { RouterProcess } from "./router-process.ts"
import { TcpProxy } from "./tcp-proxy.ts"

/** A group's consumers and what they saw. */
export interface WatchedGroup {
  readonly name: string
  readonly queues: readonly string[]
  readonly watch: GroupWatch
  readonly consumers: readonly QueueConsumer[]
}

export interface SceneOptions {
  readonly seed: number
  readonly replicas: number
}

const consumersPerGroup = 2
const readyTimeoutMs = 60_000

/**
 * Everything that takes part: a broker, a proxy in front of it, routers behind the proxy, producers
 * and consumers. The latter are connected to the broker itself, so that what the proxy does is done
 * to the routers alone.
 */
export class Scene {
  readonly broker: PrivateBroker
  readonly account: BrokerAccount
  readonly proxy: TcpProxy
  readonly routers: readonly RouterProcess[]
  readonly groups: readonly WatchedGroup[]
  readonly deadLetters = new DeadLetterWatch()
  readonly ledger = new Ledger()
  readonly producers: readonly Producer[]
  readonly folder: string
  /** When a queue was last declared for the first time; see `faults/broker-kill.ts`. */
  declaredMs = performance.now()
  /** The routers' logs stay in `folder` when the scene is over. */
  keepsLogs = false
  readonly #deadLetterConsumer: QueueConsumer
  readonly #hostile: HostileClient

  static async set({ seed, replicas }: SceneOptions): Promise<Scene> {
    const folder = mkdtempSync(join(tmpdir(), "partymq-chaos-"))
    await using unfinished = new AsyncDisposableStack()
    unfinished.defer(() => rmSync(folder, { recursive: true, force: true }))
    const broker = await startPrivateBroker()
    unfinished.defer(() => broker.stop())
    const account = await BrokerAccount.create(broker)
    const proxy = await TcpProxy.listen(Number(new URL(broker.url).port))
    unfinished.defer(() => proxy.close())
    writeConfig(folder, account.urlAt(proxy.port))
    const { password } = account
    const routers = Array.from({ length: replicas }, (_, index) => {
      const name = `router-${index + 1}`
      const logFile = join(folder, `${name}.log`)
      return new RouterProcess({ name, folder, logFile, password })
    })
    for (const router of routers) {
      unfinished.defer(() => router.dispose())
      await router.start()
    }
    await until(
      async () => (await Promise.all(routers.map((each) => each.isReady()))).every(Boolean),
      {
        what: "the routers to be ready",
        timeoutMs: readyTimeoutMs,
      },
    )
    const scene = new Scene({ broker, account, proxy, routers, folder, seed })
    unfinished.move()
    return scene
  }

  private constructor(
    parts: Pick<Scene, "broker" | "account" | "proxy" | "routers" | "folder"> & { seed: number },
  ) {
    this.broker = parts.broker
    this.account = parts.account
    this.proxy = parts.proxy
    this.routers = parts.routers
    this.folder = parts.folder
    const { url } = parts.account
    const randomOf = (part: number): Random => randomFrom(parts.seed + part)
    const consumer = (
      name: string,
      queues: readonly string[],
      watch: GroupWatch | DeadLetterWatch,
    ) => new QueueConsumer({ name, url, queues, watch, random: randomOf(100) })
    this.groups = Object.keys(groups).map((name) => {
      const queues = queuesOf(name)
      const watch = new GroupWatch(name)
      const consumers = Array.from({ length: consumersPerGroup }, (_, index) =>
        consumer(`${name} consumer ${index + 1}`, queues, watch),
      )
      return { name, queues, watch, consumers }
    })
    this.#deadLetterConsumer = consumer("dead letters", [deadLetterQueue(topic)], this.deadLetters)
    const { ledger } = this
    this.#hostile = new HostileClient({ urls: () => this.#urls, ledger, random: randomOf(8) })
    this.producers = this.#startProducers(randomOf)
  }

  /** Every confirmed message has arrived in every group, and no producer waits for anything. */
  get isDrained(): boolean {
    const { confirmed } = this.ledger
    const isIdle = this.producers.every(({ open }) => open === 0)
    return isIdle && this.groups.every(({ watch }) => watch.distinct >= confirmed.length)
  }

  /** Messages that have arrived, each counted once per group. */
  get arrived(): number {
    return this.groups.reduce((sum, { watch }) => sum + watch.distinct, 0)
  }

  get isConsuming(): boolean {
    const consumers = this.groups.flatMap((group) => group.consumers)
    return consumers.every((consumer) => consumer.isConsumingAll)
  }

  /** Everything that could still be under way has arrived, poison included. */
  get isComplete(): boolean {
    return this.isDrained && this.deadLetters.missing(this.ledger.poison).length === 0
  }

  /** Ends everything. Idempotent. */
  async dispose(): Promise<void> {
    await Promise.all([...this.producers, this.#hostile].map((each) => each.stop()))
    const consumers = this.groups.flatMap((group) => group.consumers)
    await Promise.all([...consumers, this.#deadLetterConsumer].map((each) => each.stop()))
    await Promise.all(this.routers.map((router) => router.dispose()))
    await this.proxy.close()
    await this.broker.stop()
    if (!this.keepsLogs) rmSync(this.folder, { recursive: true, force: true })
  }

  /** Where messages are posted, of each router that listens at the moment. */
  get #urls(): readonly string[] {
    return this.routers.flatMap(({ url }) =>
      url === undefined ? [] : `${url}/v1/topics/${topic}/messages`,
    )
  }

  #startProducers(randomOf: (part: number) => Random): readonly Producer[] {
    const { ledger, account } = this
    const urls = () => this.#urls
    const events = (part: number, name: string, keys: number, perKeyMax: number) =>
      new EventMaker({
        ...{ name, keys, perKeyMax },
        isDressing: name.startsWith("a"),
        random: randomOf(part),
      })
    const amqp = (perSecond: number, made: EventMaker) =>
      new AmqpProducer({ url: account.url, queue: sourceQueue, ledger, events: made, perSecond })
    const http = (perSecond: number, made: EventMaker, part: number) =>
      new HttpProducer({
        ...{ urls, groups: Object.keys(groups).length, ledger, events: made, perSecond },
        random: randomOf(part),
      })
    return [
      amqp(120, events(1, "a1", 60, 16)),
      amqp(60, events(2, "a2", 40, 1)),
      amqp(60, events(3, "a3", 400, 64)),
      http(50, events(4, "h1", 60, 1), 5),
      http(30, events(6, "h2", 30, 1), 7),
    ]
  }
}
