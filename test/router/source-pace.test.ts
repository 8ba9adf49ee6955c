import { expect, test } from "bun:test"
import { partitionQueue } from "../../src/core/generation.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { startedRouter } from "../support/test-router.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
const properties = encodeProperties({ deliveryMode: 2, headers: [["k", "x"]] })
const numbered = (size: number, number: number) => {
  const body = new Uint8Array(size)
  new DataView(body.buffer).setUint32(0, number)
  return body
}
const numberIn = (body: Uint8Array) => new DataView(body.buffer, body.byteOffset).getUint32(0)

const refusing = (maxLength: number) => ({ maxLength, overflow: "reject-publish" as const })
const topic = (name: string, maxLength?: number) => ({
  source: { queue: `${name}.source`, type: "quorum" as const },
  key: [{ use: "header" as const, name: "k" }],
  groups: {
    g: {
      partitions: 1,
      queue: { type: "classic" as const, ...(maxLength && refusing(maxLength)) },
    },
  },
  retry: { backoffMaxMs: 100 },
})

/**
 * A broker closes a connection that it cannot send on for some 30 s, and delivers everything again on
 * the next: a quorum queue counts that, and drops what has reached its limit.
 */
test("a source whose queue stays full stops neither the others nor the reading, and goes on in order", async () => {
  const router = await startedRouter({
    amqp: { url: vhost.url },
    topics: { full: topic("full", 1), other: topic("other") },
  })
  const connection = await connect(vhost.url)
  const full = await RawPublisher.open(connection, "full.source")
  const other = await RawPublisher.open(connection, "other.source")
  const count = 300
  for (let number = 0; number < count; number++)
    full.publish(properties, numbered(64 * 1024, number))
  await full.unconfirmedAtMost(0)
  await until(() => router.stats.topics.full!.consumed > 50, { what: "the source to be read" })
  const { consumed } = router.stats.topics.full!
  for (let number = 0; number < 600; number++) other.publish(properties, numbered(1024, number))
  await until(() => router.stats.topics.other!.settled === 600, {
    what: "the other source to be read on",
    timeoutMs: 30_000,
  })
  expect(router.stats.topics.full!.consumed).toBeLessThan(count)
  expect(router.stats.topics.full!.consumed).toBeGreaterThanOrEqual(consumed)
  const taken = await take(vhost.url, partitionQueue("full", "g", 1, 0), count)
  expect(taken.map(({ body }) => numberIn(body))).toEqual(
    Array.from({ length: count }, (_, at) => at),
  )
  await until(() => router.stats.topics.full!.settled === count, { what: "all to be acked" })
  expect(router.stats.reconnects).toEqual({ publish: 0, consume: 0, pull: 0 })
  await connection.shut(5_000)
  await router.stop()
}, 90_000)
