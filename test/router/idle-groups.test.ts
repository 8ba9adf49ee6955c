import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readQueue } from "../../src/broker/queue-reader.ts"
import { type GroupCoordinators, groupCoordinators } from "../../src/group-coordinators.ts"
import { GroupWatchdog } from "../../src/group-watchdog.ts"
import type { Router } from "../../src/router.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { connect } from "../support/raw-client.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
const properties = encodeProperties({ deliveryMode: 2 })

for (const type of ["classic", "quorum"] as const) {
  describe(`a ${type} queue with messages`, () => {
    let router: Router
    let groups: GroupCoordinators
    let watchdog: GroupWatchdog
    const said: string[] = []
    const clock = { nowMs: 0 }

    beforeAll(async () => {
      const group = { partitions: 1, queue: { type }, members: { initialDelayMs: 0 } }
      router = await startedRouter({
        amqp: { url: vhost.url },
        topics: { [`idle-${type}`]: { groups: { g: group } } },
      })
      groups = groupCoordinators(router, quietLog)
      const warn = (fields: object, what?: string) =>
        void said.push(`${what} ${JSON.stringify(fields)}`)
      watchdog = new GroupWatchdog(
        router,
        groups,
        { ...quietLog, warn, info: warn },
        () => clock.nowMs,
      )
      await publish()
    }, 60_000)

    afterAll(async () => {
      groups?.stop()
      watchdog?.stop()
      await router?.stop()
    })

    async function publish(): Promise<void> {
      const message = { properties, body: Buffer.from("m"), key: Buffer.from("k") as never }
      const { kind } = await router.publish(`idle-${type}`, message)
      expect(kind).toBe("accepted")
    }

    /** What stands still by a look at some later time. */
    async function idleAfter(ms: number): Promise<[string, string] | undefined> {
      clock.nowMs += ms
      await watchdog.look()
      const [idle] = watchdog.idle(`idle-${type}`, "g")
      return idle && [idle.reason, idle.why]
    }

    test("that nobody is subscribed to is told after a while, and why", async () => {
      expect(await idleAfter(0)).toBeUndefined()
      expect(await idleAfter(14_999)).toBeUndefined()
      const [reason, why] = (await idleAfter(1))!
      expect(reason).toBe("unconsumed")
      expect(why).toContain("has no members")
      expect(said).toHaveLength(1)
      expect(said[0]).toContain('"partitions":[0]')
    })

    test("and whose member is not subscribed is told to be that member's", async () => {
      groups.of(`idle-${type}`, "g")!.join("pod-1")
      const [reason, why] = (await idleAfter(5_000))!
      expect(reason).toBe("unconsumed")
      expect(why).toContain('"pod-1"')
      expect(said).toHaveLength(1)
    })

    test("whose consumer takes nothing is told later, however many messages come", async () => {
      const queue = router.partitionQueues(`idle-${type}`, "g")![0]!
      const connection = await connect(vhost.url)
      let taken = 0
      const frozen = await readQueue(connection, queue, {
        prefetch: 1,
        delivered: () => {
          taken += 1
        },
        ended: () => {},
      })
      await until(() => taken === 1, { what: "the first message" })
      // What waits behind the one that it has.
      await publish()
      const ready = async () => (await router.describe(`idle-${type}`))[0]!.queues[0]!.messages
      await until(async () => (await ready()) === 1, { what: "the second to wait" })
      expect(await idleAfter(5_000)).toBeUndefined()
      await publish()
      expect(await idleAfter(59_999)).toBeUndefined()
      const [reason, why] = (await idleAfter(1))!
      expect(reason).toBe("undelivered")
      expect(why).toContain("pod-1")
      await frozen.close()
      await connection.shut(5_000)
    })

    test("is told of no more once they are consumed", async () => {
      const queue = router.partitionQueues(`idle-${type}`, "g")![0]!
      const connection = await connect(vhost.url)
      let acked = 0
      await readQueue(connection, queue, {
        prefetch: 1,
        delivered: (delivery, reader) => {
          reader.ack(delivery)
          acked += 1
        },
        ended: () => {},
      })
      await until(() => acked === 3, { what: "all to be consumed" })
      expect(await idleAfter(5_000)).toBeUndefined()
      await idleAfter(10_000)
      expect(said.filter((line) => line.includes("nothing stands still"))).toHaveLength(2)
      await connection.shut(5_000)
    })
  })
}
