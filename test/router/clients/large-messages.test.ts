import { expect, test } from "bun:test"
import { AMQPClient } from "@cloudamqp/amqp-client"
import { bounds } from "../../../src/core/bounds.ts"
import { unique } from "../../support/unique.ts"
import { until } from "../../support/until.ts"
import { withVhost } from "../../support/vhost.ts"
import { clientScene, has, ownerOf, published, untilShared } from "./client-scene.ts"

const vhost = withVhost()
const { served, client } = clientScene(vhost)
const bytes = 300_000
const padding = ` ${"x".repeat(bytes)}`

async function hasReady(queue: string, count: number): Promise<void> {
  const connection = new AMQPClient(vhost.url)
  await connection.connect()
  const channel = await connection.channel()
  const ready = async () => (await channel.queueDeclare(queue, { passive: true })).messageCount
  await until(async () => (await ready()) === count, { what: `${count} messages in its queue` })
  await connection.close()
}

const full = { args: { "x-max-length": 1, "x-overflow": "reject-publish" } }
const numberOf = (body: string) => Number(body.split(" ")[1])

test("a client whose queue is full holds up its own partitions, and those of nobody else", async () => {
  const at = await served(unique("full"))
  const log: string[] = []
  const stuck = client(at, "stuck", undefined, undefined, full)
  const quick = client(at, "quick", log)
  await Promise.all([stuck.start(), quick.start()])
  await untilShared(at)
  const count = Math.ceil((4 * bounds.forwardBytesMax) / bytes)
  const sent = await published(at, count, 0, padding)
  const ofQuick = sent.filter((body) => ownerOf(at, body) === quick.options.name)
  expect((count - ofQuick.length) * bytes).toBeGreaterThan(bounds.forwardBytesMax)
  await has(log, ofQuick.length)
  expect(log.map(numberOf).toSorted()).toEqual(ofQuick.map(numberOf).toSorted())
}, 60_000)

test("what a client left behind is taken back although another client's queue is full", async () => {
  const at = await served(unique("both"), { management: false })
  const quorum = { type: "quorum", args: { "x-delivery-limit": 20 } } as const
  const [gone, stuck] = [
    client(at, "gone", undefined, undefined, quorum),
    client(at, "stuck", undefined, undefined, full),
  ]
  await Promise.all([gone.start(), stuck.start()])
  await gone.said("ready", { queue: gone.queue })
  await untilShared(at)
  const count = Math.ceil((4 * bounds.forwardBytesMax) / bytes)
  const sent = await published(at, count, 0, padding)
  const ofGone = sent.filter((body) => ownerOf(at, body) === gone.options.name)
  await hasReady(gone.queue, ofGone.length)
  await gone.leave()
  await client(at, "heir", []).start()
  const rerouted = () => at.router.clientGroups[0]!.counts.rerouted
  await until(() => rerouted() === ofGone.length, {
    what: () => `${ofGone.length} messages to be taken back, not ${rerouted()}`,
    timeoutMs: 30_000,
  })
}, 60_000)

test("large messages that a client left behind are taken back without many deliveries of each", async () => {
  const at = await served(unique("back"), { management: false })
  const limited = { type: "quorum", args: { "x-delivery-limit": 2 } } as const
  const gone = client(at, "gone", undefined, undefined, limited)
  await gone.start()
  await gone.said("ready", { queue: gone.queue })
  const count = bounds.reclaimPrefetch
  await published(at, count, 0, padding)
  await hasReady(gone.queue, count)
  await gone.leave()
  const log: string[] = []
  await client(at, "heir", log).start()
  await until(() => log.length >= count, {
    what: () => `${count} messages, not ${log.length}`,
    timeoutMs: 30_000,
  })
  expect(log.map(numberOf).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: count }, (_, n) => n),
  )
}, 60_000)
