import { expect, test } from "bun:test"
import { Source } from "../../src/broker/source.ts"
import { ByteBudget } from "../../src/core/byte-budget.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { quietLog } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { backoff, heldWayOut } from "./held-way-out.ts"

const vhost = withVhost()
const count = 10
const body = new Uint8Array(1_000)

/** A source whose messages are on their way, all the room taken by them, when its connection is lost. */
async function fullSource() {
  const queue = unique("source")
  const { dispatch, deadLetters, outbox, stats, sent } = heldWayOut("t")
  const source = new Source({
    ...{ topic: "t", dispatch, deadLetters, backoff },
    config: { queue, bind: [], topology: "declare", type: "quorum", prefetch: 100 },
    budget: new ByteBudget({ bytesMax: 5_000, exhausted: () => {}, relieved: () => {} }),
    log: quietLog,
  })
  const first = await connect(vhost.url)
  await source.open(first)
  const publisher = await RawPublisher.open(first, queue)
  const publish = () => publisher.publish(encodeProperties({ deliveryMode: 2 }), body)
  publish()
  await until(() => sent() === 1, { what: "the first to be sent" })
  outbox.confirmed(1, false)
  for (let n = 0; n < count; n++) publish()
  await until(() => sent() === count + 1, { what: "all to be sent" })
  await publisher.unconfirmedAtMost(0)
  await first.shut(5_000)
  source.lost()
  const confirmAll = () => outbox.confirmed(sent(), true)
  const settleAll = async () => {
    await until(() => source.inFlight === count, { what: "the messages to be read" })
    const isSettled = () => {
      confirmAll()
      return source.inFlight === 0
    }
    await until(isSettled, { what: "them to settle" })
  }
  return { queue, source, stats, confirmAll, settleAll }
}

test("a source reads nothing on a new connection before there is room, and then all", async () => {
  const { queue, source, stats, confirmAll, settleAll } = await fullSource()
  const second = await connect(vhost.url)
  await source.open(second)
  const { consumed } = stats
  const channel = await second.plainChannel()
  const isBack = async () =>
    (await channel.queueDeclare(queue, { passive: true })).messageCount === count
  await until(isBack, { what: "the messages to be in the queue again" })
  expect(stats.consumed).toBe(consumed)
  confirmAll()
  await settleAll()
  await second.shut(5_000)
})

test("a source that is to let go while it has no channel reads on once it has one", async () => {
  const { source, confirmAll, settleAll } = await fullSource()
  source.letGo()
  expect(source.isLettingGo).toBe(true)
  const second = await connect(vhost.url)
  await source.open(second)
  confirmAll()
  await settleAll()
  expect(source.isLettingGo).toBe(false)
  await second.shut(5_000)
})
