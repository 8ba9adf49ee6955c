import { expect, test } from "bun:test"
import { AMQPClient } from "@cloudamqp/amqp-client"
import { isReady, serving } from "../../cli/serving.ts"
import { temporaryFolder } from "../../config/temporary-folder.ts"
import { OldClient } from "../../support/old-client.ts"
import { until } from "../../support/until.ts"
import { withVhost } from "../../support/vhost.ts"

const vhost = withVhost()
const count = Number(process.env.PARTYMQ_TEST_CLIENT_MESSAGES ?? 10_000)
const keys = Math.ceil(count / 4)
const intervalMs = 300

interface Event {
  readonly id: string
  readonly num: number
}

/**
 * What the original PartyMQ was tested with: three clients bind one after the other while messages wait.
 * Its environment is all the configuration, but for the port; its clients send no heartbeats.
 */
test(`${count} messages that waited for three clients are complete, unique, ordered, and each key is in one place`, async () => {
  using folder = temporaryFolder()
  const environment = { PARTYMQ_RABBIT_CS: vhost.url, PARTYMQ_HTTP_PORT: "0" }
  const connection = new AMQPClient(vhost.url)
  await connection.connect()
  try {
    const channel = await connection.channel()
    // As the original's test declares it: neither durable nor Single Active Consumer.
    await channel.queueDeclare("partymq.q.source", { durable: false, autoDelete: false })
    for (let num = 0; num < count; num++) {
      const id = `id-${(num * 7_919) % keys}`
      const headers = { partitionKey: id }
      await channel.basicPublish("", "partymq.q.source", JSON.stringify({ id, num }), { headers })
    }
    await using router = await serving("serve", { folder: folder.path, environment })
    await isReady(router)
    const clients = ["simple-0", "simple-1", "simple-2"].map(
      (name) => new OldClient({ amqpUrl: vhost.url, httpUrl: router.url, name }),
    )
    for (const client of clients) {
      const { routingKey, exchange } = (await client.said("bind")) as Record<string, string>
      expect([routingKey, exchange]).toEqual([
        `partymq.partition-${client.options.name}`,
        "partymq.ex.write",
      ])
      await client.declare(exchange!, routingKey!)
      await client.said("ready")
      await Bun.sleep(intervalMs)
    }
    const depths = () =>
      Promise.all(
        clients.map(async ({ queue }) => {
          return (await channel.queueDeclare(queue, { passive: true })).messageCount
        }),
      )
    const total = async () => (await depths()).reduce((sum, depth) => sum + depth, 0)
    await until(async () => (await total()) >= count, {
      what: "everything to be in the clients' queues",
      timeoutMs: 60_000 + count,
      intervalMs: 200,
    })
    for (const client of clients) await client.said("unbind")

    const seen: Event[][] = []
    for (const { queue } of clients) {
      const events: Event[] = []
      for (;;) {
        const message = await channel.basicGet(queue, { noAck: true })
        if (message === null) break
        events.push(JSON.parse(message.bodyString()!) as Event)
      }
      seen.push(events)
    }
    const all = seen.flat()
    expect({
      complete: all.length === count,
      unique: new Set(all.map(({ num }) => num)).size === count,
      ordered: seen.every(isOrdered),
      partitioned: new Set(all.map(({ id }) => id)).size === sum(seen.map(keysOf)),
    }).toEqual({ complete: true, unique: true, ordered: true, partitioned: true })
    // A share each: about a third of the keys.
    for (const events of seen) expect(keysOf(events)).toBeGreaterThan(keys / 6)
    for (const client of clients) client.crash()
  } finally {
    await connection.close()
  }
}, 180_000)

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
const keysOf = (events: readonly Event[]): number => new Set(events.map(({ id }) => id)).size

function isOrdered(events: readonly Event[]): boolean {
  const last = new Map<string, number>()
  return events.every(({ id, num }) => {
    const isLater = num > (last.get(id) ?? -1)
    last.set(id, num)
    return isLater
  })
}
