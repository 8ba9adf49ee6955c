import { afterAll, describe, expect, test } from "bun:test"
import type { Connection } from "../../src/broker/connection.ts"
import { readQueue } from "../../src/broker/queue-reader.ts"
import type { ConsumedMessage } from "../../src/client/index.ts"
import { deadLetterQueue } from "../../src/core/generation.ts"
import { findExactHeader } from "../../src/wire/headers.ts"
import { PullClient } from "../support/pull-client.ts"
import { connect, take } from "../support/raw-client.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { bytesOf, type RawHeader, rawList, textHeader } from "../wire/property-list.ts"
import { type GroupScene, withScene } from "./group-scene.ts"

const vhost = withVhost()
const open = withScene(vhost)
const queue = "partymq.t.g.g1.p0"

const int64 = (value: number) => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, value)
const count = (name: string, value: number): RawHeader => ({ name, type: "l", value: int64(value) })
/** One is named as a quorum queue's own, the other nearly so. */
const headers = [
  textHeader("k", "key"),
  count("X-Delivery-Count", 70),
  count("x-delivery-count", 50),
]

let connection: Connection | undefined
afterAll(() => connection?.shut(5_000))

/** A message with these headers, which has been delivered twice and not acked. */
async function deliveredTwice(scene: GroupScene): Promise<void> {
  const message = { properties: rawList({ deliveryMode: 2, headers }), body: bytesOf("m") }
  expect((await scene.router.publish("t", message)).kind).toBe("accepted")
  connection ??= await connect(vhost.url)
  for (let times = 0; times < 2; times++) {
    let isDelivered = false
    const delivered = () => {
      isDelivered = true
    }
    const reader = await readQueue(connection, queue, { prefetch: 1, delivered, ended: () => {} })
    await until(() => isDelivered, { what: "the delivery" })
    await reader.close()
  }
}

/** What a quorum queue counts takes the place of what its producer called so. */
const cases = [
  { type: "classic", before: 1, shown: { "X-Delivery-Count": 70, "x-delivery-count": 50 } },
  { type: "quorum", before: 2, shown: { "X-Delivery-Count": 70 } },
] as const

describe.each(cases)(
  "headers named as a delivery count, on a $type queue",
  ({ type, before, shown }) => {
    test("are a producer's own for those who pull, and make no dead letter", async () => {
      const scene = await open({ type, partitions: 1 })
      await deliveredTwice(scene)
      const pull = new PullClient(scene.http, "t", "g")
      // One less than makes a dead letter of it.
      for (let times = 1; times < 10; times++) {
        const [message] = await pull.receive()
        expect(message).toMatchObject({ body: "m", deliveryCount: before + times })
        expect(message?.headers).toEqual({ k: "key", ...shown })
        await pull.settle("nack", [message!])
      }
      const [last] = await pull.receive()
      expect((await pull.settle("ack", [last!])).each).toEqual([200])
    }, 30_000)

    test("are a producer's own for a consumer, and in the dead letter that it writes", async () => {
      const scene = await open({ type, partitions: 1 })
      await deliveredTwice(scene)
      const handled: ConsumedMessage[] = []
      const { deadLettered } = await new Promise<{ deadLettered: number }>((resolve) => {
        void scene
          .join({
            retry: { attempts: 1 },
            handler(message) {
              handled.push(message)
              throw new Error("no")
            },
          })
          .then((consumer) => consumer.on("deadLettered", () => resolve(consumer.counts)))
      })
      expect([deadLettered, handled.length]).toEqual([1, 1])
      expect(handled[0]?.deliveryCount).toBe(before + 1)
      expect(handled[0]?.headers).toEqual({ k: "key", ...shown })
      const [{ properties = new Uint8Array(0) } = {}] = await take(
        vhost.url,
        deadLetterQueue("t"),
        1,
      )
      const found = findExactHeader(properties, bytesOf("x-delivery-count"))
      expect(found !== undefined).toBe("x-delivery-count" in shown)
    }, 30_000)
  },
)
