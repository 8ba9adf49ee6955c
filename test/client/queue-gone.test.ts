import { expect, test } from "bun:test"
import { flawless, OrderOracle } from "../support/order-oracle.ts"
import { connect } from "../support/raw-client.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { keysNamed, withScene } from "./group-scene.ts"

const vhost = withVhost()
const open = withScene(vhost)
const queue = "partymq.t.g.g1.p0"
const rounds = 5

/** As PartyMQ tells of one. */
interface Member {
  readonly heardMsAgo: number
  readonly subscribed: readonly number[]
}

test("a consumer goes on with its other partitions while the quorum queue of one is deleted and declared again", async () => {
  const here = await open({ type: "quorum", partitions: 4 })
  const oracle = new OrderOracle()
  const partitionOf = new Map<string, number>()
  const handled = new Set<string>()
  const fences: string[] = []
  const consumer = await here.join({
    async handler(message) {
      const { keyText, partition } = message
      partitionOf.set(keyText!, partition)
      handled.add(`${keyText} ${message.text()}`)
      if (partition === 0) return
      const event = { key: keyText!, revision: Number(message.text()) }
      oracle.started("only", partition, event)
      await Bun.sleep(1)
      oracle.finished("only", event)
    },
  })
  const troubles: string[] = []
  consumer.on("trouble", ({ detail }) => troubles.push(detail))
  consumer.on("fenced", ({ reason, detail }) => fences.push(`${reason}: ${detail}`))
  const keys = keysNamed(24)
  await here.publishAll(keys, 1)
  await until(() => partitionOf.size === keys.length, { what: "a message of each key" })
  const own = keys.find((key) => partitionOf.get(key) === 0)!
  const others = keys.filter((key) => partitionOf.get(key) !== 0)
  let count = 1
  let isPublishing = true
  const publishing = (async () => {
    for (; isPublishing; count++) {
      await Promise.all(others.map((key) => here.publish(key, String(count + 1))))
    }
  })()
  const connection = await connect(vhost.url)
  const channel = await connection.plainChannel()
  for (let round = 1; round <= rounds; round++) {
    await channel.queueDelete(queue)
    // No sooner: RabbitMQ 3.10.8 tells nobody of a deletion when it is undone at once.
    await until(() => !consumer.partitions.includes(0), { what: "the loss", intervalMs: 1 })
    await here.publish(own, `again ${round}`)
    const isHandled = () => handled.has(`${own} again ${round}`)
    await until(isHandled, { what: () => `the message of round ${round}; fenced: ${fences}` })
  }
  isPublishing = false
  await publishing
  const expected = others.flatMap((key) =>
    Array.from({ length: count }, (_, n) => ({ key, revision: n + 1 })),
  )
  await until(() => oracle.distinct === expected.length, { what: "the rest of the messages" })
  expect(oracle.verdict(expected)).toEqual(flawless)
  expect(fences).toEqual([])
  // It is not consumed before it is known to be there: that can cost the connection.
  expect(troubles).toContain(`cannot consume queue "${queue}": there is no such queue`)
  expect(troubles.filter((each) => each.includes("NOT_FOUND"))).toEqual([])
  expect(consumer.counts).toMatchObject({ assigned: 4 + rounds, fenced: 0, reconnected: 0 })
  await connection.shut(1_000)
}, 60_000)

test("a consumer whose queue was deleted begins nothing of it before what ran has ended, which its signal tells", async () => {
  const here = await open({ type: "classic", partitions: 2 })
  const url = `${here.http}/v1/topics/t/groups/g/members`
  const log: string[] = []
  const ending = Promise.withResolvers<void>()
  const consumer = await here.join({
    async handler(message, { signal }) {
      if (message.partition === 1) return
      log.push(`begin ${message.text()}`)
      if (message.text() === "1") {
        signal.addEventListener("abort", () => log.push("told"))
        await ending.promise
      }
      log.push(`end ${message.text()}`)
    },
  })
  await here.publishAll(["k0", "k1", "k2"], 1)
  await until(() => log.length > 0, { what: "a message of the first partition" })
  const connection = await connect(vhost.url)
  const channel = await connection.plainChannel()
  await channel.queueDelete(queue)
  await until(() => log.includes("told"), { what: "the signal" })
  await Promise.all(["k0", "k1", "k2"].map((key) => here.publish(key, "2")))
  // By its third heartbeat it would have the queue again if it had not waited.
  const heartbeats: string[] = []
  let lastMsAgo = 0
  const hasBeaten = async () => {
    const { members } = (await (await fetch(url)).json()) as { members: Member[] }
    const { heardMsAgo, subscribed } = members[0]!
    if (heardMsAgo < lastMsAgo) heartbeats.push(subscribed.join())
    lastMsAgo = heardMsAgo
    return heartbeats.length === 3
  }
  await until(hasBeaten, { what: "its heartbeats" })
  expect(heartbeats[2]).toBe("1")
  expect(log.filter((each) => each !== "begin 1")).toEqual(["told"])
  ending.resolve()
  await until(() => log.includes("end 2"), { what: "the queue to be read again" })
  expect(log.lastIndexOf("end 1")).toBeLessThan(log.indexOf("begin 2"))
  // Of what ran nothing was acked: there was nothing any more that could be.
  expect(consumer.counts).toMatchObject({ fenced: 0, failed: 0 })
  await connection.shut(1_000)
}, 30_000)

test("members are members, and share the rest, for as long as a queue is gone that nobody publishes to", async () => {
  const drainTimeoutMs = 2_000
  const here = await open({ type: "quorum", partitions: 4, drainTimeoutMs })
  const handled: string[] = []
  const fences: string[] = []
  const join = async () => {
    const consumer = await here.join({ handler: (message) => void handled.push(message.keyText!) })
    consumer.on("fenced", ({ reason, detail }) => fences.push(`${reason}: ${detail}`))
    return consumer
  }
  const first = await join()
  const troubles: string[] = []
  first.on("trouble", ({ detail }) => troubles.push(detail))
  await until(() => first.partitions.length === 4, { what: "all partitions" })
  const connection = await connect(vhost.url)
  const channel = await connection.plainChannel()
  await channel.queueDelete(queue)
  // For a moment it has a name still, and to consume it then costs the connection.
  const isGone = () => troubles.some((each) => each.endsWith("there is no such queue"))
  await until(isGone, { what: "the queue to be gone for good" })
  const goneMs = performance.now()
  const second = await join()
  const held = () => [...first.partitions, ...second.partitions].sort().join()
  const isShared = () => second.partitions.length > 0 && held() === "1,2,3"
  await until(isShared, { what: () => `the other partitions to be shared: ${held()}; ${fences}` })
  const isLong = () => fences.length > 0 || performance.now() - goneMs > 2 * drainTimeoutMs
  await until(isLong, { what: "the time in which a channel has to be open" })
  expect(fences).toEqual([])
  const keys = keysNamed(24)
  await here.publishAll(keys, 1)
  await until(() => handled.length === keys.length, { what: "a message of each key" })
  expect(held()).toBe("0,1,2,3")
  await connection.shut(1_000)
}, 30_000)
