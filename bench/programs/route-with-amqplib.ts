/** A router as one writes it in an afternoon with amqplib. */
import { connect } from "amqplib"
import { xxHash32 } from "../../src/hash/xxhash32.ts"
import type { NaiveRouterInput } from "../subjects/naive-router.ts"
import { headerName } from "../workload.ts"
import { programInput } from "./program-input.ts"

const { url, source, queues, prefetch } = programInput<NaiveRouterInput>()
const text = new TextEncoder()
const incoming = await (await connect(url)).createChannel()
const outgoing = await (await connect(url)).createConfirmChannel()
await incoming.prefetch(prefetch)
await incoming.consume(source, (message) => {
  if (message === null) return
  const key = String(message.properties.headers?.[headerName])
  const queue = queues[xxHash32(text.encode(key)) % queues.length]!
  outgoing.sendToQueue(queue, message.content, message.properties, (error) => {
    if (!error) incoming.ack(message)
  })
})
