import { expect, test } from "bun:test"
import { serveHttp } from "../../src/http/serve-http.ts"
import type { Router } from "../../src/router.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { type Expected, flawless, OrderOracle } from "../support/order-oracle.ts"
import { PullClient } from "../support/pull-client.ts"
import { type Random, seeded } from "../support/seed.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
const topic = "many-keys"
const keys = 10_000
const revisions = 2
const consumers = 8
/** A consumer begins on nothing any more when half of it is over: a slow machine is no overlap. */
const visibilityTimeoutMs = 1_500

test(
  `of ${keys} keys every message is handled, in order, by one of ${consumers} consumers at a time, though these die`,
  seeded(async (random) => {
    const router = await startedRouter({
      amqp: { url: vhost.url },
      http: { host: "127.0.0.1", port: 0 },
      topics: { [topic]: { groups: { g: { partitions: 8, pull: { deliveriesMax: 1_000 } } } } },
    })
    const server = serveHttp(router, quietLog)
    try {
      const oracle = new OrderOracle()
      const client = new PullClient(server.url, topic, "g")
      const fleet = new Fleet(client, oracle, random)
      const published = publish(router)
      for (let n = 0; n < consumers; n++) fleet.start()
      const confirmed = await published
      await until(() => oracle.distinct === confirmed.length, {
        what: () => `${confirmed.length} messages, of which ${oracle.distinct} have come`,
        timeoutMs: 60_000,
      })
      // They go on until then: what was acked too late, or never, by one that died comes again.
      await until(() => router.pull.of(topic, "g")!.counts.held === 0, { what: "all to be acked" })
      fleet.isLiving = false
      const { duplicated, ...verdict } = oracle.verdict(confirmed)
      expect({ ...verdict, duplicated: 0 }).toEqual(flawless)
      // What the dead had, and what the living could not begin in time.
      expect(duplicated).toBeLessThanOrEqual(fleet.left)
      expect(fleet.died).toBeGreaterThan(20)
    } finally {
      await server.stop()
      await router.stop()
    }
  }),
  90_000,
)

async function publish(router: Router): Promise<Expected[]> {
  const confirmed: Expected[] = []
  for (let revision = 1; revision <= revisions; revision++) {
    for (let first = 0; first < keys; first += 500) {
      const some = Array.from({ length: 500 }, (_, n) => ({ key: `k${first + n}`, revision }))
      const outcomes = await Promise.all(
        some.map((event) => {
          const body = Buffer.from(JSON.stringify(event))
          const key = Buffer.from(event.key) as never
          return router.publish(topic, { properties: withKey(event.key), body, key })
        }),
      )
      expect(outcomes.filter(({ kind }) => kind !== "accepted")).toEqual([])
      confirmed.push(...some)
    }
  }
  return confirmed
}

const withKey = (key: string): Uint8Array =>
  encodeProperties({ deliveryMode: 2, headers: [["x-partymq-key", key]] })

/** Consumers, of which one that dies is followed by another. */
class Fleet {
  isLiving = true
  died = 0
  /** Messages that were given to one that did not ack them. */
  left = 0
  readonly #client: PullClient
  readonly #oracle: OrderOracle
  readonly #random: Random
  #names = 0

  constructor(client: PullClient, oracle: OrderOracle, random: Random) {
    this.#client = client
    this.#oracle = oracle
    this.#random = random
  }

  start(): void {
    this.#names += 1
    this.#live(`consumer ${this.#names}`).catch((error: unknown) => {
      if (this.isLiving) throw error
    })
  }

  async #live(name: string): Promise<void> {
    while (this.isLiving) {
      const untilMs = performance.now() + visibilityTimeoutMs / 2
      const asked = { consumer: name, max: 50, waitMs: 200, visibilityTimeoutMs }
      const messages = await this.#client.receive(asked)
      const diesAt = this.#random.integer(8) === 0 ? this.#random.integer(50) : messages.length
      const done = []
      for (const message of messages.slice(0, diesAt)) {
        if (performance.now() > untilMs) break
        const event = JSON.parse(message.body!) as Expected
        expect(message.key).toBe(event.key)
        this.#oracle.started(name, message.partition, event)
        await new Promise((resolve) => setImmediate(resolve))
        this.#oracle.finished(name, event)
        done.push(message)
      }
      if (diesAt < messages.length) {
        this.died += 1
        this.left += messages.length
        return this.start()
      }
      this.left += messages.length - done.length
      if (done.length === 0) continue
      const { status, each } = await this.#client.settle("ack", done)
      this.left += status === 409 ? done.length : each.filter((one) => one !== 200).length
    }
  }
}
