import { describe, expect, test } from "bun:test"
import { Connection } from "../../../src/broker/connection.ts"
import type { Delivery } from "../../../src/broker/content-reader.ts"
import { endpointOf } from "../../../src/broker/endpoint.ts"
import { readQueue } from "../../../src/broker/queue-reader.ts"
import { unique } from "../../support/unique.ts"
import { until } from "../../support/until.ts"
import { untouched } from "../../support/untouched.ts"
import { withVhost } from "../../support/vhost.ts"
import { bytes, entry, headers, passingMessages } from "../pass-through-cases.ts"
import { clientScene, has, inOrder, owners, published, untilShared } from "./client-scene.ts"

const vhost = withVhost()
const { served, client } = clientScene(vhost)

describe("a client", () => {
  test("is told what to bind, may repeat each step, and is told when it is not known", async () => {
    const at = await served(unique("steps"))
    const pod = client(at, "pod")
    expect((await pod.say("heartbeat")).status).toBe(409)
    expect((await pod.say("ready")).status).toBe(409)
    expect((await pod.say("unbind")).status).toBe(200)
    for (let n = 0; n < 2; n++) {
      expect(await pod.said("bind")).toEqual({
        routingKey: `partymq.partition-${pod.options.name}`,
        exchange: `exchange of ${at.topic}`,
      })
    }
    await pod.declare(`exchange of ${at.topic}`, `partymq.partition-${pod.options.name}`)
    for (let n = 0; n < 2; n++) await pod.said("ready")
    await pod.said("heartbeat")
    await pod.said("unbind")
    const late = await pod.say("heartbeat")
    expect([late.status, Object.keys((await late.json()) as object)]).toEqual([409, ["error"]])
    expect((await pod.say("ready")).status).toBe(409)
    await pod.said("bind")
    await pod.said("ready")
  }, 30_000)

  test("has a group that nobody pulls from, and that says so", async () => {
    const { server, topic } = await served(unique("pulled"))
    const path = `${server.url}/v1/topics/${topic}/groups/pods/receive`
    const answer = await fetch(path, { method: "POST", body: '{"consumer":"c"}' })
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
      ...[409, "client_bound_group"],
    ])
  })

  test("is refused as ready before its queue is bound, and nothing is dropped", async () => {
    const at = await served(unique("early"))
    const sent = await published(at, 100)
    const log: string[] = []
    const pod = client(at, "pod", log)
    await pod.said("bind")
    const early = await pod.say("ready")
    expect(early.status).toBe(409)
    expect(await early.json()).toEqual({ error: expect.stringContaining("no queue is bound") })
    expect((await pod.say("ready", { queue: "a name and no more" })).status).toBe(409)
    await pod.start()
    await has(log, sent.length)
    expect(log.toSorted()).toEqual(sent.toSorted())
    expect(inOrder(log)).toBe(true)
  }, 30_000)

  test("learns from a heartbeat that it is not bound where that cannot be seen, and nothing is dropped", async () => {
    const at = await served(unique("unseen"), { management: false })
    const sent = await published(at, 100)
    const log: string[] = []
    const pod = client(at, "pod", log)
    await pod.said("bind")
    await pod.said("ready")
    await until(async () => (await pod.say("heartbeat")).status === 409, { what: "a 409" })
    await pod.start()
    // What came back may have been sent while the queue was being bound, and comes again then.
    const distinct = () => [...new Set(log)]
    await until(() => distinct().length === sent.length, { what: "everything" })
    expect(distinct().toSorted()).toEqual(sent.toSorted())
    expect(inOrder(distinct())).toBe(true)
  }, 30_000)

  test("gets what it has got before, after the router is started again", async () => {
    const topic = unique("again")
    const first = await served(topic)
    const pods = ["a", "b", "c"].map((name) => client(first, name, []))
    await Promise.all(pods.map((pod) => pod.start()))
    await untilShared(first)
    const before = owners(first)
    expect(new Set(before).size).toBe(3)
    await first.stop()
    const second = await served(topic)
    await untilShared(second)
    expect(owners(second)).toEqual(before)
    const status = await (await fetch(`${second.server.url}/v1/topics/${topic}`)).json()
    const [group] = (status as { groups: { queues: { client: string }[] }[] }).groups
    expect(group!.queues.map((each) => each.client)).toEqual(before as string[])
  }, 30_000)

  test("is served by one router at a time, and by another once that has gone", async () => {
    const topic = unique("two")
    const first = await served(topic)
    const second = await served(topic)
    expect((await client(second, "pod").say("bind")).status).toBe(503)
    await first.stop()
    const pod = client(second, "pod", [])
    await until(async () => (await pod.say("bind")).ok, { what: "the second to take over" })
  }, 30_000)
})

test("messages reach a client as the broker delivers them to anybody, whatever properties they have", async () => {
  const at = await served(unique("bytes"), { onMissingKey: { key: "one" } })
  const connection = await Connection.open(endpointOf(at.router.config.amqp), "test")
  try {
    const cases = passingMessages(connection.frameMax)
    expect(cases.length).toBeGreaterThan(20)
    const pod = client(at, "pod")
    const received: Delivery[] = []
    const { routingKey, exchange } = (await pod.said("bind")) as Record<string, string>
    await pod.declare(exchange!, routingKey!)
    await pod.said("ready")
    for (const { properties } of cases) {
      const outcome = await at.router.publish(at.topic, {
        properties,
        body: properties.slice(0, 9),
      })
      expect(outcome.kind).toBe("accepted")
    }
    const delivered = (delivery: Delivery) => void received.push(delivery)
    await readQueue(connection, pod.queue, { prefetch: 0, delivered, ended: () => {} })
    await has(received, cases.length)
    // Some have keys of their own, and so another partition.
    const sorted = (lists: readonly Uint8Array[]) =>
      lists.map((list) => Buffer.from(list).toString("hex")).sort()
    const expected = await untouched(
      vhost.url,
      cases.map(({ properties }) => properties),
      "classic",
    )
    expect(sorted(received.map(({ properties }) => properties))).toEqual(sorted(expected))
  } finally {
    await connection.shut(1_000)
  }
}, 60_000)

test("a key that is no text is a key", async () => {
  const at = await served(unique("number"))
  const logs: string[][] = [[], []]
  await Promise.all(logs.map((log, n) => client(at, `pod${n}`, log).start()))
  for (let n = 0; n < 60; n++) {
    const properties = headers(entry("k", "I", bytes(0, 0, 0, n % 6)))
    const body = Buffer.from(`k${n % 6} ${n}`)
    expect((await at.router.publish(at.topic, { properties, body })).kind).toBe("accepted")
  }
  await until(() => logs.flat().length === 60, { what: "all" })
  const keys = logs.map((log) => new Set(log.map((body) => body.split(" ")[0])))
  expect(keys[0]!.size + keys[1]!.size).toBe(6)
  expect(logs.every(inOrder)).toBe(true)
}, 30_000)
