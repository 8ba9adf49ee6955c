import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Connection } from "../../src/broker/connection.ts"
import { readQueue } from "../../src/broker/queue-reader.ts"
import type { Assignment } from "../../src/group-coordinator.ts"
import { type HttpServer, serveHttp } from "../../src/http/serve-http.ts"
import type { Router } from "../../src/router.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { connect } from "../support/raw-client.ts"
import { SimpleMember } from "../support/simple-member.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
/** The broker tells of a new consumer within five seconds; before, nobody could be found by it. */
const members = { sessionTimeoutMs: 7_000, drainTimeoutMs: 7_000, initialDelayMs: 0 }

const keys = 8
const messages = 80
const properties = encodeProperties({ deliveryMode: 2 })

for (const type of ["classic", "quorum"] as const) {
  describe(`a member with messages of a ${type} queue unacked`, () => {
    let router: Router
    let server: HttpServer
    let membersUrl = ""
    const connections: Connection[] = []
    const others: SimpleMember[] = []

    beforeAll(async () => {
      const { url, managementUrl } = vhost
      const groups = { silent: two(type), stubborn: two(type) }
      router = await startedRouter({
        amqp: { url, managementUrl },
        http: { host: "127.0.0.1", port: 0 },
        topics: { [type]: { groups } },
      })
      server = serveHttp(router, quietLog)
    }, 60_000)

    afterAll(async () => {
      for (const each of others) each.crash()
      for (const each of connections) each.destroy()
      await server?.stop()
      await router?.stop()
    })

    /** Takes both partitions, and of each three messages that it never acks. */
    async function greedy(group: string) {
      membersUrl = `${server.url}/v1/topics/${type}/groups/${group}/members`
      const body = JSON.stringify({ memberId: "greedy" })
      const joined = await fetch(membersUrl, { method: "POST", body })
      const { generation, partitions } = (await joined.json()) as Assignment
      const connection = await connect(vhost.url)
      connections.push(connection)
      const state = { generation, taken: 0, lost: "" }
      connection.onLost = (reason) => {
        state.lost = reason
      }
      for (const { queue } of partitions) {
        await readQueue(connection, queue, {
          ...{ prefetch: 3, consumerTag: "greedy" },
          delivered: () => {
            state.taken += 1
          },
          ended: () => {},
        })
      }
      for (let n = 0; n < messages; n++) await publish(group, n)
      await until(() => state.taken === 6, { what: "the first messages" })
      return state
    }

    async function publish(group: string, n: number): Promise<void> {
      const key = Buffer.from(`key ${n % keys}`) as never
      const message = { properties, body: Buffer.from(`${n}`), key }
      const { kind } = await router.publish(type, message, { groups: [group] })
      expect(kind).toBe("accepted")
    }

    /** Every message that it handles, by key. */
    async function successor(): Promise<Map<number, number[]>> {
      const handled = new Map<number, number[]>()
      const member = new SimpleMember({
        ...{ amqpUrl: vhost.url, membersUrl, name: "successor" },
        handle: async (_member, _partition, { body }) => {
          const n = Number(Buffer.from(body).toString())
          handled.set(n % keys, [...(handled.get(n % keys) ?? []), n])
        },
      })
      others.push(member)
      await member.start()
      return handled
    }

    async function expectAll(handled: Map<number, number[]>): Promise<void> {
      const count = () => [...handled.values()].flat().length
      await until(() => count() >= messages, { what: "all messages", timeoutMs: 40_000 })
      for (let key = 0; key < keys; key++) {
        const all = Array.from({ length: messages / keys }, (_, turn) => key + turn * keys)
        expect(handled.get(key)).toEqual(all)
      }
    }

    test("that falls silent is cut off, and the next one gets everything, in order", async () => {
      const before = await greedy("silent")
      await expectAll(await successor())
      expect(before.lost).toContain("fenced")
      expect(await metric("silent", "expired_members_total")).toBe(1)
      expect(await metric("silent", "cut_off_connections_total")).toBe(1)
    }, 60_000)

    test("that says that it lives and gives back nothing is cut off just as well", async () => {
      const before = await greedy("stubborn")
      const body = JSON.stringify({ generation: before.generation, partitions: [0, 1] })
      const living = setInterval(() => {
        void fetch(`${membersUrl}/greedy`, { method: "PUT", body }).catch(() => {})
      }, 500)
      await expectAll(await successor()).finally(() => clearInterval(living))
      expect(before.lost).toContain("fenced")
      expect(await metric("stubborn", "fenced_members_total")).toBe(1)
      expect(await metric("stubborn", "cut_off_connections_total")).toBe(1)
    }, 60_000)

    async function metric(group: string, name: string): Promise<number> {
      const text = await (await fetch(`${server.url}/metrics`)).text()
      const line = new RegExp(`^partymq_group_${name}\\{.*group="${group}".*\\} (\\d+)$`, "m")
      return Number(line.exec(text)?.[1])
    }
  })
}

const two = (type: "classic" | "quorum") => ({ partitions: 2, queue: { type }, members })
