import { describe, expect, test } from "bun:test"
import type { Connection } from "../../src/broker/connection.ts"
import { readGenerations } from "../../src/broker/generation-log.ts"
import { readQueue } from "../../src/broker/queue-reader.ts"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { partitionQueue } from "../../src/core/generation.ts"
import type { Router } from "../../src/router.ts"
import { closeConnection } from "../support/consumer-connections.ts"
import { KeyFlow, keyed, keyOfEach } from "../support/key-flow.ts"
import { limitedUser } from "../support/limited-user.ts"
import { management } from "../support/management.ts"
import { flawless, OrderOracle, type Verdict } from "../support/order-oracle.ts"
import { connect, take } from "../support/raw-client.ts"
import { startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { dropVhost, makeVhost, withVhost } from "../support/vhost.ts"

const vhost = withVhost()

type Group = NonNullable<NonNullable<ConfigInput["topics"]>[string]["groups"]>[string]

const configured = (topic: string, queue: NonNullable<Group["queue"]>): ConfigInput => ({
  amqp: { url: vhost.url },
  http: { publishTimeoutMs: 1_000 },
  topics: {
    [topic]: {
      key: [{ use: "header", name: "k" }],
      groups: { g: { partitions: 2, queue } },
      retry: { attemptsMax: 5, backoffMs: 10, backoffMaxMs: 50 },
    },
  },
})

/** Two flows, one to each partition: faults are for the first, and must not hold up the second. */
const startFlows = (router: Router, topic: string, width: number) =>
  keyOfEach(router, topic, 2).map((key) => KeyFlow.start(router, topic, key, width)) as [
    KeyFlow,
    KeyFlow,
  ]

/** What a queue holds, judged by the number of each message. */
async function consumed(url: string, queue: string) {
  const oracle = new OrderOracle()
  const numbers: number[] = []
  for (const { body } of await take(url, queue, await depth(url, queue))) {
    const revision = Number(new TextDecoder().decode(body))
    oracle.started("reader", 0, { key: "", revision })
    oracle.finished("reader", { key: "", revision })
    numbers.push(revision)
  }
  const verdict = (from: number, to: number) =>
    oracle.verdict(
      Array.from({ length: to - from + 1 }, (_, at) => ({ key: "", revision: from + at })),
    )
  return { numbers, verdict }
}

async function depth(url: string, queue: string): Promise<number> {
  const connection = await connect(url)
  const channel = await connection.plainChannel()
  const { messageCount } = await channel.queueDeclare(queue, { passive: true })
  await connection.shut(5_000)
  return messageCount
}

/** Nothing of a flow is missing or out of order in its queue. */
async function expectWhole(flow: KeyFlow, url: string, queue: string): Promise<void> {
  const { verdict } = await consumed(url, queue)
  expect(verdict(1, flow.accepted)).toMatchObject({ lost: 0, inverted: 0 })
}

describe("a partition queue that somebody limits by a policy", () => {
  // Where both the policy and the queue say what to do at the limit, a quorum queue obeys the policy.
  const cases = [
    ["quorum", {}],
    ["quorum", { overflow: "reject-publish" }],
    ["classic", {}],
    ["classic", { overflow: "drop-head" }],
    ["classic", { overflow: "reject-publish" }],
  ] as const
  for (const [type, more] of cases) {
    test(`(${type}, ${JSON.stringify(more)}) refuses what is over the limit and drops nothing`, async () => {
      const topic = unique("policy")
      const router = await startedRouter(configured(topic, { type }))
      const stats = router.stats.topics[topic]!.groups.g!
      const limited = partitionQueue(topic, "g", 1, 0)
      const policy = await limit(topic, limited, { "max-length": 5, ...more })
      const [first, second] = startFlows(router, topic, 1)
      await until(() => stats.nacked > 0, { what: "a refusal" })
      await second.more(50)
      await using reader = await Reader.start(limited)
      await first.more(50)
      await policy.remove()
      await first.more(5)
      await Promise.all([first.stop(), second.stop()])
      expect(await reader.verdict(first)).toEqual(flawless)
      await expectWhole(second, vhost.url, partitionQueue(topic, "g", 1, 1))
      expect(stats.orderViolations).toBe(0)
      await router.stop()
    })
  }

  test("loses nothing under pipelined load either, and what is overtaken is counted", async () => {
    const topic = unique("overtaken")
    const router = await startedRouter(configured(topic, { type: "quorum" }))
    const stats = router.stats.topics[topic]!.groups.g!
    const limited = partitionQueue(topic, "g", 1, 0)
    const [first, second] = startFlows(router, topic, 40)
    await first.more(40)
    await limit(topic, limited, { "max-length": 60 })
    await until(() => stats.nacked > 0, { what: "a refusal" })
    await second.more(200)
    await using reader = await Reader.start(limited)
    await first.more(200)
    await Promise.all([first.stop(), second.stop()])
    const { lost, inverted } = await reader.verdict(first)
    expect(lost).toBe(0)
    expect(inverted).toBeLessThanOrEqual(stats.orderViolations)
    await expectWhole(second, vhost.url, partitionQueue(topic, "g", 1, 1))
    await router.stop()
  })

  test("(quorum, drop-head) drops what was accepted: no argument of the queue's prevails", async () => {
    const topic = unique("dropped")
    const router = await startedRouter(configured(topic, { type: "quorum" }))
    const limited = partitionQueue(topic, "g", 1, 0)
    await limit(topic, limited, { "max-length": 5, overflow: "drop-head" })
    const [first, second] = startFlows(router, topic, 1)
    await Promise.all([first.more(30), second.more(30)])
    await Promise.all([first.stop(), second.stop()])
    const { numbers } = await consumed(vhost.url, limited)
    expect(numbers.length).toBeLessThanOrEqual(6)
    expect(numbers.at(-1)).toBe(first.accepted)
    await router.stop()
  })
})

/** Sets a policy on one queue. */
async function limit(name: string, queue: string, definition: object) {
  const path = `/api/policies/${vhost.name}/${name}`
  const pattern = `^${queue.replaceAll(".", "\\.")}$`
  await management("PUT", path, { pattern, definition, "apply-to": "queues" })
  return { remove: () => management("DELETE", path) }
}

/** Reads a queue and judges what comes by the number of each message. */
class Reader {
  readonly #oracle = new OrderOracle()
  readonly #connection: Connection

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  static async start(queue: string): Promise<Reader> {
    const connection = await connect(vhost.url)
    const reader = new Reader(connection)
    await readQueue(connection, queue, {
      prefetch: 20,
      delivered(delivery, from) {
        const seen = { key: "", revision: Number(new TextDecoder().decode(delivery.body)) }
        reader.#oracle.started("reader", 0, seen)
        reader.#oracle.finished("reader", seen)
        from.ack(delivery)
      },
      ended: () => {},
    })
    return reader
  }

  /** Of all that was accepted, once it has come. */
  async verdict({ accepted }: KeyFlow): Promise<Verdict> {
    await until(() => this.#oracle.distinct >= accepted, { what: "all that was accepted" })
    const numbers = Array.from({ length: accepted }, (_, at) => at + 1)
    return this.#oracle.verdict(numbers.map((revision) => ({ key: "", revision })))
  }

  async [Symbol.asyncDispose]() {
    await this.#connection.shut(5_000)
  }
}

test("a partition queue deleted again and again, empty or not, is made again and takes the rest in order", async () => {
  const topic = unique("deleted")
  const router = await startedRouter(configured(topic, { type: "quorum" }))
  const queue = partitionQueue(topic, "g", 1, 0)
  const remove = () => management("DELETE", `/api/queues/${vhost.name}/${queue}`)
  await remove()
  const [first, second] = startFlows(router, topic, 10)
  for (let round = 0; round < 4; round++) {
    await first.more(20)
    await remove()
    await second.more(50)
  }
  // While nothing is under way: what is accepted from here on has to be in the next one.
  await first.stop()
  const gone = first.accepted
  await remove()
  const rest = KeyFlow.start(router, topic, first.key, 10, gone)
  await rest.more(50)
  await Promise.all([rest.stop(), second.stop()])
  const { numbers, verdict } = await consumed(vhost.url, queue)
  expect(numbers[0]).toBe(gone + 1)
  expect(verdict(gone + 1, rest.accepted)).toMatchObject({ lost: 0, inverted: 0 })
  await expectWhole(second, vhost.url, partitionQueue(topic, "g", 1, 1))
  await router.stop()
}, 60_000)

test("a message of a quorum queue survives thirty hand-overs without an ack", async () => {
  const topic = unique("handed-over")
  const router = await startedRouter(configured(topic, { type: "quorum" }))
  const [key] = keyOfEach(router, topic, 2) as [string]
  expect((await router.publish(topic, keyed(key, "1"))).kind).toBe("accepted")
  const queue = partitionQueue(topic, "g", 1, 0)
  const connection = await connect(vhost.url)
  for (let handOver = 0; handOver < 30; handOver++) {
    const channel = await connection.plainChannel()
    await channel.prefetch(1)
    const delivered = Promise.withResolvers<void>()
    await channel.basicConsume(queue, { noAck: false }, () => delivered.resolve())
    await delivered.promise
    await channel.close()
  }
  await connection.shut(5_000)
  const [last] = await take(vhost.url, queue, 1)
  expect(new TextDecoder().decode(last!.body)).toBe("1")
  await router.stop()
}, 60_000)

test("a virtual host deleted and made again is set up again, its generations included", async () => {
  const own = await makeVhost()
  const topic = unique("vhost-gone")
  const router = await startedRouter({
    ...configured(topic, { type: "classic" }),
    amqp: { url: own.url },
  })
  const [first, second] = startFlows(router, topic, 5)
  await first.more(10)
  await dropVhost(own)
  await until(() => !router.readiness().ready, { what: "the loss to be noticed" })
  await management("PUT", `/api/vhosts/${own.name}`)
  const everything = { configure: ".*", write: ".*", read: ".*" }
  const user = new URL(own.url).username
  await management("PUT", `/api/permissions/${own.name}/${user}`, everything)
  await until(() => router.readiness().ready, { what: "readiness", timeoutMs: 20_000 })
  await first.more(20)
  await second.more(20)
  await Promise.all([first.stop(), second.stop()])
  // The broker ends a connection that comes to a stream too early.
  const isRecorded = async () => {
    const connection = await connect(own.url)
    const recorded = readGenerations(connection, topic)
    return (await recorded.finally(() => connection.shut(5_000))).has("g")
  }
  await until(isRecorded, { what: "the record to be there again" })
  for (const [at, flow] of [first, second].entries()) {
    const { numbers, verdict } = await consumed(own.url, partitionQueue(topic, "g", 1, at))
    expect(verdict(numbers[0]!, flow.accepted)).toMatchObject({ lost: 0, inverted: 0 })
  }
  await router.stop()
  await dropVhost(own)
}, 60_000)

const rights = ["configure", "write"] as const
for (const right of rights) {
  test(`a user that may not ${right} for a while is a reason to wait, and nothing is lost`, async () => {
    const topic = unique("forbidden")
    await using user = await limitedUser(vhost)
    const grant = right === "write" ? user.mayWrite : user.mayConfigure
    const config = configured(topic, { type: "classic" })
    const router = await startedRouter({ ...config, amqp: { url: user.url } })
    const [first, second] = startFlows(router, topic, 5)
    await first.more(10)
    await grant("^$")
    await closePublishing(router)
    const said = () => JSON.stringify(router.readiness())
    await until(() => said().includes("ACCESS_REFUSED"), { what: "readiness to say why" })
    if (right === "write") await expectGrowingWaits(router)
    await grant(".*")
    await until(() => router.readiness().ready, { what: "readiness", timeoutMs: 20_000 })
    await Promise.all([first.more(10, 20_000), second.more(10, 20_000)])
    await Promise.all([first.stop(), second.stop()])
    await expectWhole(first, vhost.url, partitionQueue(topic, "g", 1, 0))
    await expectWhole(second, vhost.url, partitionQueue(topic, "g", 1, 1))
    await router.stop()
  }, 60_000)
}

/** Each new connection fails with the first publish: that must not become a storm of connections. */
async function expectGrowingWaits({ stats }: Router): Promise<void> {
  const { publish } = stats.reconnects
  await until(() => stats.reconnects.publish >= publish + 3, { what: "three tries" })
  const startedMs = performance.now()
  const isTried = () => stats.reconnects.publish >= publish + 6
  await until(isTried, { what: "three more", timeoutMs: 30_000 })
  // Waits double: from the fourth on they are no less than 400 ms.
  expect(performance.now() - startedMs).toBeGreaterThan(1_000)
}

/** Closes the router's publish connection as an operator would, once it is listed. */
async function closePublishing(router: Router): Promise<void> {
  const path = `/api/vhosts/${vhost.name}/connections`
  const isClosed = async () => {
    const open = await management<{ name: string; user_provided_name?: string }[]>("GET", path)
    // Some of them may be gone already, and still be listed.
    for (const { name } of open.filter((each) => each.user_provided_name === "partymq publish")) {
      await closeConnection(name).catch(() => {})
    }
    return !router.readiness().ready
  }
  await until(isClosed, { what: "the connection to be listed and closed", timeoutMs: 20_000 })
}
