import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { AMQPClient } from "@cloudamqp/amqp-client"
import { setMessageBytesMax, usualMessageBytesMax } from "../../support/message-size-max.ts"
import {
  canStartPrivateBroker,
  type PrivateBroker,
  startPrivateBroker,
} from "../../support/private-broker.ts"
import { unique } from "../../support/unique.ts"
import { until } from "../../support/until.ts"
import { clientScene, inOrder, owners, published } from "./client-scene.ts"

describe.skipIf(!canStartPrivateBroker)("a message that the broker takes nowhere any more", () => {
  let broker: PrivateBroker
  const at = {
    name: "/",
    get url() {
      return broker.url
    },
    get managementUrl() {
      return broker.managementUrl
    },
  }
  const { served, client } = clientScene(at)

  beforeAll(async () => {
    broker = await startPrivateBroker()
  }, 60_000)

  afterAll(() => broker.stop(), 60_000)

  test("stays in the queue of the client that left it, and all else is taken back", async () => {
    const topic = unique("large")
    const first = await served(topic, { management: false })
    // On RabbitMQ 3.10 a queue with such a limit drops what it has delivered more often.
    const limited = { type: "quorum", args: { "x-delivery-limit": 4 } } as const
    const gone = client(first, "gone", undefined, undefined, limited)
    await gone.start()
    await gone.said("ready", { queue: gone.queue })
    const before = await published(first, 50)
    const large = await published(first, 1, 50, ` ${"x".repeat(20_000)}`)
    const after = await published(first, 50, 51)
    const connection = await new AMQPClient(broker.url).connect()
    const channel = await connection.channel()
    const ready = async () =>
      (await channel.queueDeclare(gone.queue, { passive: true })).messageCount
    await until(async () => (await ready()) === 101, { what: "all to be forwarded" })
    await gone.leave()
    await first.stop()
    await setMessageBytesMax(broker, 10_000)

    const second = await served(topic, { management: false })
    const [group] = second.router.clientGroups
    const log: string[] = []
    const heir = client(second, "heir", log)
    await heir.start()
    await until(() => owners(second).every((owner) => owner === heir.options.name), {
      what: () => `the heir to have all, not ${JSON.stringify(group!.counts)}`,
      timeoutMs: 20_000,
    })
    // What was on its way when the broker closed the channel comes twice.
    const distinct = () => [...new Set(log)]
    await until(() => distinct().length >= 100, { what: "all but the large one" })
    expect(distinct().toSorted()).toEqual([...before, ...after].toSorted())
    expect(inOrder(distinct())).toBe(true)
    expect(group!.counts).toMatchObject({ left: 1, held: 0 })
    // Nobody is at it, and it is not delivered again and again.
    await until(async () => (await ready()) === 1, { what: "one to be left" })
    const message = await channel.basicGet(gone.queue, { noAck: true })
    expect(message!.bodyString()).toBe(large[0]!)
    // Its client may come back.
    const back = client(second, "gone")
    expect((await back.say("bind")).status).toBe(200)
    await setMessageBytesMax(broker, usualMessageBytesMax)
    await connection.close()
  }, 60_000)
})
