import { expect, test } from "bun:test"
import { rabbitmqMajor } from "../../src/broker/rabbitmq-version.ts"
import { partitionQueue } from "../../src/core/generation.ts"
import { findHeader } from "../../src/wire/headers.ts"
import { locateProperty } from "../../src/wire/properties.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { startedRouter } from "../support/test-router.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
const header = new TextEncoder().encode("x-partymq-priority")

test("priorities do not let messages of a key overtake each other", async () => {
  const router = await startedRouter({
    amqp: { url: vhost.url },
    topics: {
      urgent: {
        // Quorum queues of RabbitMQ 4 would sort them before the router sees them.
        source: { queue: "urgent.source", type: "classic" },
        onMissingKey: { key: "any" },
        groups: { g: { partitions: 1 } },
      },
    },
  })
  const connection = await connect(vhost.url)
  const publisher = await RawPublisher.open(connection, "urgent.source")
  const priorities = [0, 9, 4, 255, 0, 5, 9, 1]
  for (const [at, priority] of priorities.entries()) {
    publisher.publish(Uint8Array.of(0x18, 0, 2, priority), Uint8Array.of(at))
  }
  await publisher.unconfirmedAtMost(0)
  const taken = await take(vhost.url, partitionQueue("urgent", "g", 1, 0), priorities.length)
  expect(taken.map(({ body }) => body[0])).toEqual(priorities.map((_, at) => at))
  const isMoved = rabbitmqMajor(connection) >= 4
  for (const { properties } of taken) {
    expect(locateProperty(properties, "priority") === undefined).toBe(isMoved)
    expect(findHeader(properties, header) !== undefined).toBe(isMoved)
  }
  await connection.shut(5_000)
  await router.stop()
}, 30_000)
