import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readQueue } from "../../src/broker/queue-reader.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { expectMessages } from "../support/expect-messages.ts"
import {
  canStartPrivateBroker,
  type PrivateBroker,
  startPrivateBroker,
} from "../support/private-broker.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { until } from "../support/until.ts"

/**
 * What a length limit costs when a broker restarts, in good order even: a queue counts for its limit
 * what is ready and not what consumers have, which comes back to it then. Why the configuration asks
 * for `overflow` to be said outright on a classic queue.
 */

const limit = 100
const unacked = 50
const properties = encodeProperties({ deliveryMode: 2 })
if (!canStartPrivateBroker) console.log("skipped: a broker to restart needs rabbitmq-server here")

describe.skipIf(!canStartPrivateBroker)("a full queue with unacked messages, restarted", () => {
  let broker: PrivateBroker
  beforeAll(async () => {
    broker = await startPrivateBroker()
    for (const type of ["classic", "quorum"]) await fill(broker.url, type)
    await broker.ctl("stop_app")
    await broker.ctl("start_app")
  }, 120_000)
  afterAll(() => broker?.stop())

  test("drops as many confirmed messages as were unacked if it is classic", async () => {
    await expectLeft("classic", limit)
  }, 60_000)

  test("keeps every one if it is a quorum queue", async () => {
    await expectLeft("quorum", unacked + limit)
  }, 60_000)

  /** The count, and that they are the newest, in order. */
  async function expectLeft(type: string, count: number): Promise<void> {
    const connection = await connect(broker.url)
    await expectMessages(connection, type, count)
    await connection.shut(5_000)
    const messages = await take(broker.url, type, count)
    const all = Array.from({ length: unacked + limit }, (_, number) => number)
    expect(messages.map(({ body }) => body[0])).toEqual(all.slice(-count))
  }
})

/** As many as a consumer takes and keeps, then as many as the limit allows, all confirmed. */
async function fill(url: string, type: string): Promise<void> {
  const connection = await connect(url)
  const channel = await connection.plainChannel()
  await channel.queueDeclare(
    type,
    { durable: true },
    { "x-queue-type": type, "x-max-length": limit, "x-overflow": "reject-publish" },
  )
  const publisher = await RawPublisher.open(connection, type)
  let kept = 0
  const delivered = () => {
    kept += 1
  }
  await readQueue(connection, type, { prefetch: unacked, delivered, ended: () => {} })
  for (let number = 0; number < unacked; number++)
    publisher.publish(properties, Uint8Array.of(number))
  await until(() => kept === unacked, { what: "the consumer to have its fill" })
  for (let number = unacked; number < unacked + limit; number++)
    publisher.publish(properties, Uint8Array.of(number))
  await publisher.unconfirmedAtMost(0)
  expect(publisher.confirmed).toBe(unacked + limit)
}
