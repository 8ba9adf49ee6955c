/** A router as one writes it in an afternoon with @cloudamqp/amqp-client. */
import { xxHash32 } from "../../src/hash/xxhash32.ts"
import { openChannel } from "../bench-vhost.ts"
import type { NaiveRouterInput } from "../subjects/naive-router.ts"
import { headerName } from "../workload.ts"
import { programInput } from "./program-input.ts"

const { url, source, queues, prefetch } = programInput<NaiveRouterInput>()
const text = new TextEncoder()
const { channel: incoming } = await openChannel(url)
const { channel: outgoing } = await openChannel(url)
await outgoing.confirmSelect()
await incoming.basicQos(prefetch)
await incoming.basicConsume(source, { noAck: false }, async (message) => {
  const key = String(message.properties.headers?.[headerName])
  const queue = queues[xxHash32(text.encode(key)) % queues.length]!
  await outgoing.basicPublish("", queue, message.body, message.properties)
  await message.ack()
})
