import { describe, expect, test } from "bun:test"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { TcpProxy } from "../chaos/tcp-proxy.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { bodyCheck } from "./body-check.ts"
import { largeBody } from "./large-body.ts"
import { canMeasure, measuredRouter, residentBytesMax } from "./measured-router.ts"

if (!canMeasure) console.warn("skipped: the peak of a process's memory is read from Linux's /proc")

/** `PARTYMQ_TEST_LONG=1`: the whole gigabyte. A third of it is as telling, and takes a third. */
const isLong = process.env.PARTYMQ_TEST_LONG === "1"
const backlogMessages = isLong ? 10_000 : 3_000
const backlogBytes = 100_000
const largeBytes = 20_000_000
const largeMessages = isLong ? 60 : 12
const timeoutMs = isLong ? 300_000 : 90_000
const partitions = 4

describe.skipIf(!canMeasure)("resident memory stays under 256 MB", () => {
  const vhost = withVhost()

  const config = (topic: string, groups: ConfigInput["topics"][string]["groups"]): ConfigInput => ({
    amqp: { url: vhost.url },
    http: { host: "127.0.0.1", port: 0, bodyBytesMax: largeBytes },
    topics: {
      [topic]: {
        source: { queue: `${topic}.source`, type: "classic" },
        key: [{ use: "header", name: "key" }],
        groups: groups!,
        deadLetter: { type: "classic" },
      },
    },
  })

  const groupsOf = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, { partitions, queue: { type: "classic" } }])) as {
      [group: string]: { partitions: number; queue: { type: "classic" } }
    }

  const queuesOf = (topic: string, groups: readonly string[]) =>
    groups.flatMap((group) =>
      Array.from({ length: partitions }, (_, index) => `partymq.${topic}.${group}.g1.p${index}`),
    )

  /** Puts so many messages into a topic's source queue before anybody reads it. */
  async function fill(topic: string, messages: number, bytes: number): Promise<void> {
    const connection = await connect(vhost.url)
    const channel = await connection.plainChannel()
    await channel.queueDeclare(`${topic}.source`, { durable: true })
    const publisher = await RawPublisher.open(connection, `${topic}.source`)
    for (let index = 0; index < messages; index++) {
      publisher.publish(propertiesOf(index), largeBody(index, bytes))
      await publisher.unconfirmedAtMost(Math.ceil(20_000_000 / bytes))
    }
    await publisher.unconfirmedAtMost(0)
    await connection.shut(5_000)
  }

  async function expectBounded(router: { peakBytes(): number }): Promise<void> {
    const peakMegabytes = Math.round(router.peakBytes() / 2 ** 20)
    if (process.env.PARTYMQ_TEST_LOG) console.log(`peak: ${peakMegabytes} MB`)
    expect(peakMegabytes).toBeLessThan(residentBytesMax / 2 ** 20)
  }

  test(
    "with a backlog in the source, and every body arrives as it was",
    async () => {
      await fill("backlog", backlogMessages, backlogBytes)
      await using router = await measuredRouter(config("backlog", groupsOf("all")))
      await using check = await bodyCheck(vhost.url, queuesOf("backlog", ["all"]))
      await until(() => check.count >= backlogMessages, {
        what: () => `${backlogMessages} messages, ${check.count} came`,
        timeoutMs,
      })
      expect(check.altered).toBe(0)
      expect(check.distinct("all").size).toBe(backlogMessages)
      await expectBounded(router)
    },
    2 * timeoutMs,
  )

  for (const names of [["one"], ["one", "two", "three"]]) {
    const groups = names.length === 1 ? "one group" : `${names.length} groups`
    test(
      `with bodies of 20 MB from the source and over HTTP to ${groups}`,
      async () => {
        const topic = `large-${names.length}`
        await fill(topic, largeMessages, largeBytes)
        await using router = await measuredRouter(config(topic, groupsOf(...names)))
        await using check = await bodyCheck(vhost.url, queuesOf(topic, names))
        const clients = Array.from({ length: 6 }, async (_, client) => {
          for (let n = 0; n < largeMessages / 6; n++) {
            const index = largeMessages + client + n * 6
            await until(async () => (await post(router.url, topic, index, largeBytes)) === 202, {
              what: "a large body to be accepted",
              timeoutMs,
              intervalMs: 200,
            })
          }
        })
        await Promise.all(clients)
        await until(() => check.count >= 2 * largeMessages * names.length, {
          what: () => `${2 * largeMessages} messages for ${groups}, ${check.count} copies came`,
          timeoutMs,
        })
        expect(check.altered).toBe(0)
        for (const name of names) expect(check.distinct(name).size).toBe(2 * largeMessages)
        await expectBounded(router)
      },
      2 * timeoutMs,
    )
  }

  test(
    "with a partition queue that is full while the source has a backlog and HTTP goes on",
    async () => {
      await fill("full", 400, backlogBytes * 5)
      const queue = { type: "classic", maxLength: 3, overflow: "reject-publish" } as const
      const router = await measuredRouter({
        ...config("full", { all: { partitions, queue } }),
        // A slow broker takes more than two seconds for what 100 clients have sent it.
        http: { host: "127.0.0.1", port: 0, publishTimeoutMs: 4_000 },
      })
      await using _ = router
      const answers = new Set<number>()
      const clients = Array.from({ length: 100 }, async (_, client) => {
        for (let n = 0; n < 3; n++) answers.add(await post(router.url, "full", client, 900_000))
      })
      await Promise.all(clients)
      // Told to come again, one way or the other; a few may have found room.
      expect([...answers].filter((status) => ![202, 429, 503].includes(status))).toEqual([])
      expect(answers).toContain(503)
      expect(answers).toContain(429)
      await expectBounded(router)
      await using check = await bodyCheck(vhost.url, queuesOf("full", ["all"]))
      await until(async () => (await router.metric("partymq_settled_messages_total")) === 400, {
        what: "the source to be routed once there is room",
        timeoutMs,
      })
      await until(() => check.distinct("all").size === 400, {
        what: "all of the source's",
        timeoutMs,
      })
      expect(check.altered).toBe(0)
    },
    2 * timeoutMs,
  )

  test(
    "with a broker that stops reading in the middle of large bodies",
    async () => {
      await fill("stalled", 4, largeBytes)
      const proxy = await TcpProxy.listen(Number(new URL(vhost.url).port))
      try {
        const throughProxy = new URL(vhost.url)
        throughProxy.port = String(proxy.port)
        const stalling = config("stalled", groupsOf("all"))
        await using router = await measuredRouter({ ...stalling, amqp: { url: throughProxy.href } })
        await using check = await bodyCheck(vhost.url, queuesOf("stalled", ["all"]))
        const accepted: number[] = []
        await until(async () => (await router.metric("partymq_settled_messages_total")) >= 1, {
          what: "the first",
        })
        proxy.weather.hold("up")
        const clients = Array.from({ length: 6 }, async (_, client) => {
          const index = 100 + client
          await until(async () => (await post(router.url, "stalled", index, largeBytes)) === 202, {
            what: "a large body to be accepted",
            timeoutMs,
            intervalMs: 200,
          })
          accepted.push(index)
        })
        // It holds what it may, and takes nothing more.
        await until(async () => (await post(router.url, "stalled", 1, largeBytes)) === 429, {
          what: "429",
        })
        const peakBytes = router.peakBytes()
        expect(accepted).toEqual([])
        proxy.weather.clear()
        await Promise.all(clients)
        const expected = [0, 1, 2, 3, ...accepted]
        await until(() => expected.every((index) => check.distinct("all").has(index)), {
          what: "everything accepted",
          timeoutMs,
        })
        expect(check.altered).toBe(0)
        expect(peakBytes).toBeLessThan(residentBytesMax)
        await expectBounded(router)
      } finally {
        await proxy.close()
      }
    },
    2 * timeoutMs,
  )
})

const propertiesOf = (index: number): Uint8Array =>
  encodeProperties({ deliveryMode: 2, headers: [["key", String(index % 64)]] })

async function post(url: string, topic: string, index: number, bytes: number): Promise<number> {
  const response = await fetch(`${url}/v1/topics/${topic}/messages`, {
    method: "POST",
    body: largeBody(index, bytes),
    headers: { "partition-key": String(index % 64) },
  })
  await response.body?.cancel()
  return response.status
}
