import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import type { Connection } from "../../src/broker/connection.ts"
import type { Delivery } from "../../src/broker/content-reader.ts"
import { readQueue } from "../../src/broker/queue-reader.ts"
import { type RemoveOldestOptions, removeOldest } from "../../src/broker/remove-oldest.ts"
import { expectMessages } from "../support/expect-messages.ts"
import { management } from "../support/management.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { bytesOf, rawList } from "../wire/property-list.ts"

const vhost = withVhost()
const properties = rawList({ deliveryMode: 1 })

let ours: Connection
let others: Connection
beforeEach(async () => {
  ;[ours, others] = await Promise.all([connect(vhost.url), connect(vhost.url)])
})
afterEach(() => Promise.all([ours.shut(1_000), others.shut(1_000)]))

/** A queue with messages 1 to `count`, to which more can be published. */
async function filled(type: "classic" | "quorum", count: number) {
  const queue = unique("letters")
  const channel = await others.plainChannel()
  await channel.queueDeclare(queue, { durable: true }, { "x-queue-type": type })
  await channel.close()
  const publisher = await RawPublisher.open(others, queue)
  let last = 0
  const publish = async (more: number) => {
    for (const end = last + more; last < end; ) publisher.publish(properties, bytesOf(`${++last}`))
    await publisher.unconfirmedAtMost(0)
  }
  await publish(count)
  return { queue, publish, last: () => last }
}

const remove = (queue: string, options: Partial<RemoveOldestOptions> & { most: number }) =>
  removeOldest(ours, queue, {
    mayGo: () => true,
    signal: new AbortController().signal,
    acked: () => {},
    ...options,
  })

const numberOf = ({ body }: { readonly body: Uint8Array }) => Number(Buffer.from(body).toString())

/** What the queue has, as numbers, in its order. A quorum queue has back what was held a little later. */
async function remaining(queue: string, count: number): Promise<number[]> {
  await expectMessages(others, queue, count)
  return (await take(vhost.url, queue, count)).map(numberOf)
}

const numbers = (first: number, last: number) =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => first + n)

for (const type of ["classic", "quorum"] as const) {
  describe(`of a ${type} queue the oldest messages`, () => {
    test("are removed and no other, while more arrive all the time", async () => {
      const most = 3_000
      const { queue, publish, last } = await filled(type, most)
      let isOver = false
      let acked = 0
      const arriving = (async () => {
        while (!isOver) await publish(20)
      })()
      const removal = remove(queue, { most, acked: (count) => (acked = count) })
      const { removed, left } = await removal.finally(() => (isOver = true))
      await arriving
      expect({ removed, acked }).toEqual({ removed: most, acked: most })
      expect(left).toBeGreaterThan(0)
      expect(left).toBeLessThanOrEqual(last() - most)
      expect(await remaining(queue, last() - most)).toEqual(numbers(most + 1, last()))
    })

    test("are all that is left to remove when others have taken some", async () => {
      const { queue } = await filled(type, 40)
      const startedMs = performance.now()
      expect(await remove(queue, { most: 100 })).toEqual({ removed: 40, left: 0 })
      expect(performance.now() - startedMs).toBeLessThan(10_000)
    })

    test("stay from the first on that is to stay", async () => {
      const { queue } = await filled(type, 40)
      const mayGo = (delivery: { readonly body: Uint8Array }) => numberOf(delivery) !== 31
      expect(await remove(queue, { most: 35, mayGo })).toEqual({ removed: 30, left: 10 })
      expect(await remaining(queue, 10)).toEqual(numbers(31, 40))
    })

    test("that were not removed stay when it is interrupted", async () => {
      const { queue } = await filled(type, 5_000)
      const stopping = new AbortController()
      const acked = (count: number) => count >= 500 && stopping.abort()
      const { removed, left } = await remove(queue, {
        most: 5_000,
        acked,
        signal: stopping.signal,
      })
      expect(removed).toBeGreaterThanOrEqual(500)
      expect(removed).toBeLessThan(5_000)
      expect(removed + left).toBe(5_000)
      expect(await remaining(queue, left)).toEqual(numbers(removed + 1, 5_000))
    })

    test("that were not acked stay when the connection is lost", async () => {
      const { queue } = await filled(type, 2_000)
      let told = 0
      const acked = (count: number) => {
        told = count
        if (count >= 500) void ours.shut(0)
      }
      await expect(remove(queue, { most: 2_000, acked })).rejects.toThrow()
      // No more than a quorum queue delivers without acks.
      const found: number[] = []
      const delivered = (delivery: Delivery) => found.push(numberOf(delivery))
      await readQueue(others, queue, { prefetch: 0, delivered, ended: () => {} })
      // Those that it held may come back behind others.
      const first = () => 2_001 - found.length
      await until(() => found.length > 0 && Math.min(...found) === first(), {
        what: "all from the first one on",
      })
      expect(found.sort((a, b) => a - b)).toEqual(numbers(first(), 2_000))
      expect(first()).toBeLessThanOrEqual(told + 1)
    })
  })
}

test("a queue that is deleted meanwhile is a failure, and one that is not there has nothing", async () => {
  const { queue } = await filled("classic", 10)
  let shown = 0
  const mayGo = () => ++shown > 0
  const removal = remove(queue, { most: 1_000, mayGo })
  removal.catch(() => {})
  await until(() => shown === 10, { what: "all to be shown" })
  await management("DELETE", `/api/queues/${vhost.name}/${queue}`)
  await expect(removal).rejects.toThrow()
  expect(await remove(unique("none"), { most: 0 })).toEqual({ removed: 0, left: 0 })
})
