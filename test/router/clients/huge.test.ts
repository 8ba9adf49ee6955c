import { expect, test } from "bun:test"
import { AMQPClient } from "@cloudamqp/amqp-client"
import { bounds } from "../../../src/core/bounds.ts"
import { unique } from "../../support/unique.ts"
import { until } from "../../support/until.ts"
import { withVhost } from "../../support/vhost.ts"
import { clientScene, untilShared } from "./client-scene.ts"

const vhost = withVhost()
const { served, client } = clientScene(vhost)
const bytes = 6 * 1024 * 1024
const count = 50

test("huge messages that a client left behind are not delivered until a delivery limit drops them", async () => {
  const at = await served(unique("huge"), { management: false })
  const deliveriesMax = 7
  // Taken by as many as there is room for, the last would have been delivered more often.
  expect(count / Math.ceil(bounds.reclaimBytesMax / bytes)).toBeGreaterThan(deliveriesMax + 1)
  const limited = { type: "quorum", args: { "x-delivery-limit": deliveriesMax } } as const
  const gone = client(at, "gone", undefined, undefined, limited)
  await gone.start()
  await gone.said("ready", { queue: gone.queue })
  await untilShared(at)
  const connection = await new AMQPClient(vhost.url).connect()
  const channel = await connection.channel()
  await channel.confirmSelect()
  const body = new Uint8Array(bytes)
  for (let n = 0; n < count; n++) {
    await channel.basicPublish("", gone.queue, body, { headers: { k: "one" } })
  }
  await gone.leave()
  const heir = client(at, "heir")
  await heir.start()
  const { counts } = at.router.clientGroups[0]!
  await until(() => at.router.clientGroups[0]!.counts.moved.reclaimed > 0, {
    what: () => `all to be taken back: ${JSON.stringify(counts)}`,
    timeoutMs: 40_000,
  })
  expect(at.router.clientGroups[0]!.counts.rerouted).toBe(count)
  await connection.close()
}, 60_000)
