import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Delivery } from "../../src/broker/content-reader.ts"
import { type HttpServer, serveHttp } from "../../src/http/serve-http.ts"
import type { Router } from "../../src/router.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { flawless, OrderOracle } from "../support/order-oracle.ts"
import { randomFrom, seed } from "../support/seed.ts"
import { SimpleMember } from "../support/simple-member.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
const topic = "shared"
const partitions = 16
const keys = 200
/** Long enough for a machine that is busy with other things. */
const times = { sessionTimeoutMs: 5_000, drainTimeoutMs: 30_000, initialDelayMs: 3_000 }
const properties = encodeProperties({ deliveryMode: 2 })

/** Members of a group that come, go, crash and are forgotten, while messages flow. */
for (const type of ["classic", "quorum"] as const) {
  describe(`members of a group on ${type} queues`, () => {
    const random = randomFrom(seed)
    const oracle = new OrderOracle()
    const confirmed: { key: string; revision: number }[] = []
    const members: SimpleMember[] = []
    let router: Router
    let server: HttpServer
    let publishing: Promise<unknown>
    let isPublishing = true
    let names = 0
    const crashed = new Set<string>()

    beforeAll(async () => {
      const group = { partitions, queue: { type }, members: times }
      router = await startedRouter({
        amqp: { url: vhost.url },
        http: { host: "127.0.0.1", port: 0 },
        topics: { [`${topic}-${type}`]: { groups: { g: group } } },
      })
      server = serveHttp(router, quietLog)
      publishing = Promise.all(Array.from({ length: 4 }, (_, lane) => publish(lane)))
    }, 60_000)

    afterAll(async () => {
      isPublishing = false
      for (const member of members) member.crash()
      await publishing
      await server?.stop()
      await router?.stop()
    })

    /** The keys of one lane in turns, each message once the one before is confirmed. */
    async function publish(lane: number): Promise<void> {
      const revisions = new Map<string, number>()
      while (isPublishing) {
        const key = `k${random.integer(keys / 4) * 4 + lane}`
        const revision = (revisions.get(key) ?? 0) + 1
        revisions.set(key, revision)
        const body = Buffer.from(JSON.stringify({ key, revision }))
        const message = { properties, body, key: Buffer.from(key) as never }
        const { kind } = await router.publish(`${topic}-${type}`, message)
        expect(kind).toBe("accepted")
        confirmed.push({ key, revision })
      }
    }

    async function handle(member: string, partition: number, { body }: Delivery): Promise<void> {
      const event = JSON.parse(Buffer.from(body).toString()) as { key: string; revision: number }
      if (crashed.has(member)) return
      oracle.started(member, partition, event)
      await new Promise((resolve) => setImmediate(resolve))
      oracle.finished(member, event)
    }

    async function join(): Promise<SimpleMember> {
      const membersUrl = `${server.url}/v1/topics/${topic}-${type}/groups/g/members`
      const name = `member ${++names}`
      const member = new SimpleMember({ amqpUrl: vhost.url, membersUrl, name, handle })
      await member.start()
      members.push(member)
      return member
    }

    async function leave(): Promise<void> {
      await members.splice(random.integer(members.length), 1)[0]!.stop()
    }

    function crash(): void {
      const [member] = members.splice(random.integer(members.length), 1)
      crashed.add(member!.name)
      member!.crash()
    }

    /** Each partition with one of them, evenly, and messages come. */
    async function shared(): Promise<void> {
      const held = () => members.flatMap((member) => member.partitions).sort((a, b) => a - b)
      const each = Array.from({ length: partitions }, (_, partition) => partition)
      const isEven = () => {
        const sizes = members.map((member) => member.partitions.length)
        return Math.max(...sizes) - Math.min(...sizes) <= 1
      }
      await until(() => isEven() && Bun.deepEquals(held(), each), {
        what: () => `an even share for each: ${JSON.stringify(members.map((m) => m.partitions))}`,
        timeoutMs: 30_000,
      })
      const before = oracle.distinct
      await until(() => oracle.distinct > before + 50, { what: "messages", timeoutMs: 30_000 })
    }

    test("share the partitions evenly, and lose, repeat or disorder nothing when some come and go", async () => {
      for (let n = 0; n < 2; n++) await join()
      await shared()
      for (let n = 0; n < 3; n++) await join()
      await shared()
      await leave()
      await shared()
      expect(oracle.verdict([])).toEqual(flawless)
    }, 90_000)

    test("take over from one that crashes, in order", async () => {
      crash()
      await join()
      await shared()
    }, 60_000)

    test("keep what they have when the coordinator is started anew", async () => {
      const before = members.map((member) => member.partitions)
      const { port } = server
      await server.stop()
      server = serveHttp({ ...router, config: atPort(port) }, quietLog)
      await until(async () => (await known()) === before.length, { what: "all to come back" })
      expect(members.map((member) => member.partitions)).toEqual(before)
      // It gets its share once the coordinator has waited for those of before.
      await join()
      await shared()
      for (const [index, had] of before.entries()) {
        expect(had).toEqual(expect.arrayContaining([...members[index]!.partitions]))
      }
      expect(members.map(({ rejoined }) => rejoined)).toEqual(members.map(() => 0))
    }, 60_000)

    test("have lost and disordered nothing in the end", async () => {
      isPublishing = false
      await publishing
      await until(() => oracle.distinct === confirmed.length, {
        what: () => `${confirmed.length} messages, of which ${oracle.distinct} have come`,
        timeoutMs: 30_000,
      })
      const { duplicated, ...verdict } = oracle.verdict(confirmed)
      expect(verdict).toEqual({ lost: 0, inverted: 0, misplaced: 0, overlapping: 0, altered: 0 })
      // Of a member that crashed, what it had not acked.
      expect(duplicated).toBeLessThanOrEqual(partitions * 20)
      expect(confirmed.length).toBeGreaterThan(300)
    }, 60_000)

    async function known(): Promise<number> {
      const text = await (await fetch(`${server.url}/metrics`)).text()
      return Number(/^partymq_group_members\{.*\} (\d+)$/m.exec(text)?.[1])
    }

    const atPort = (port: number) => ({
      ...router.config,
      http: { ...router.config.http, port },
    })
  })
}
