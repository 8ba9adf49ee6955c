/** Publishes with @cloudamqp/amqp-client, confirmed and pipelined: what a program costs by itself. */
import { openChannel } from "../bench-vhost.ts"
import { publishAll } from "../publish-all.ts"
import { headerName, messagesOf, type Workload } from "../workload.ts"
import { done, programInput, readyToGo } from "./program-input.ts"

export interface PublishInput {
  readonly url: string
  readonly workload: Workload
  /** The default exchange takes routing keys from `queues`, another one the message's key. */
  readonly exchange: string
  /** By the key's index. */
  readonly queues: readonly string[]
  /** @default as many as are of use */
  readonly unconfirmedMax?: number
}

const { url, workload, exchange, queues, unconfirmedMax } = programInput<PublishInput>()
await using opened = await openChannel(url)
const { channel } = opened
await channel.confirmSelect()
const messages = messagesOf(workload)
const deliveryMode = workload.persistent ? 2 : 1

const publish = (n: number) => {
  const key = messages.key(n)
  const routingKey = exchange === "" ? queues[messages.keyIndex(n)]! : key
  const properties = { deliveryMode, headers: { [headerName]: key } }
  return channel.basicPublish(exchange, routingKey, messages.body(n), properties)
}

await publishAll(0, workload.warmUp, publish, unconfirmedMax)
await readyToGo()
await publishAll(workload.warmUp, messages.count, publish, unconfirmedMax)
await done()
