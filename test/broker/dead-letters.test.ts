import { describe, expect, test } from "bun:test"
import { visitMessages } from "../../src/broker/dead-letters.ts"
import { expectMessages } from "../support/expect-messages.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { unique } from "../support/unique.ts"
import { withVhost } from "../support/vhost.ts"
import { bytesOf, rawList } from "../wire/property-list.ts"

const vhost = withVhost()
/** More than a visit may hold, and no more than a quorum queue delivers without acks. */
const count = 1_900

describe("what a visit leaves in a quorum queue keeps its order", () => {
  for (const [removed, kept] of [
    [0, 1],
    [1, 0],
    [20, 3],
    [400, 0],
    [950, 950],
  ] as const) {
    test(`when ${removed} of ${removed + kept} that were shown are removed`, async () => {
      const connection = await connect(vhost.url)
      const queue = unique("visited")
      const channel = await connection.plainChannel()
      await channel.queueDeclare(queue, { durable: true }, { "x-queue-type": "quorum" })
      const publisher = await RawPublisher.open(connection, queue)
      const all = Array.from({ length: count }, (_, n) => n + 1)
      for (const n of all) publisher.publish(rawList({}), bytesOf(`${n}`))
      await publisher.unconfirmedAtMost(0)
      const shown: number[] = []
      await visitMessages(connection, queue, removed + kept, ({ body }) => {
        shown.push(numberIn(body))
        return shown.length > kept ? "remove" : "keep"
      })
      expect(shown).toEqual(all.slice(0, removed + kept))
      await expectMessages(connection, queue, count - removed)
      const left = await take(vhost.url, queue, count - removed)
      const expected = [...all.slice(0, kept), ...all.slice(removed + kept)]
      expect(left.map(({ body }) => numberIn(body))).toEqual(expected)
      await connection.shut(1_000)
    })
  }
})

const numberIn = (body: Uint8Array): number => Number(Buffer.from(body).toString())
