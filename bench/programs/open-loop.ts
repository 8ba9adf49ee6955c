/**
 * Sends messages at their times and takes them from the partition queues, all in one process, for one
 * clock. Each has a time at which it is due, whether or not those before it have arrived, and its latency
 * counts from then: a pause of the router is charged to all whom it kept waiting. Without a rate it sends
 * as fast as they arrive, to find out how fast that is. What is due at once leaves in one write, and the
 * program has a high priority where it may (as root), or its own waiting for a processor would be charged
 * to what it measures.
 */
import { setPriority } from "node:os"
import { openChannel } from "../bench-vhost.ts"
import { GatheringClient } from "../gathering-client.ts"
import { percentile } from "../statistics.ts"
import { headerName, messagesOf, placeOf, type Workload } from "../workload.ts"
import { done, programInput, readyToGo } from "./program-input.ts"

export interface OpenLoopInput {
  readonly url: string
  readonly workload: Workload
  /** Where to publish, by the key's index. */
  readonly targets: readonly string[]
  readonly queues: readonly string[]
  /** Messages a second; absent: as many as get through. */
  readonly rate?: number
}

export interface OpenLoopResult {
  readonly messagesPerSecond: number
  /** In milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** On their way at once without a rate. */
const underWayMax = 1_000
const tickMs = 1
const stallTimeoutMs = 20_000

const { url, workload, targets, queues, rate } = programInput<OpenLoopInput>()
await using sending = await openChannel(url, GatheringClient)
await using receiving = await openChannel(url)
await sending.channel.confirmSelect()
const messages = messagesOf(workload)
const { count } = messages
const deliveryMode = workload.persistent ? 2 : 1
const latencies = new Float64Array(workload.messages)
let received = 0
let next = 0
let startedMs = 0
let measuredFromMs = 0
const dueMs = (n: number) => startedMs + (n * 1000) / rate!

for (const queue of queues) {
  await receiving.channel.basicConsume(queue, { noAck: true }, ({ body }) => {
    const n = placeOf(body!)
    if (n >= workload.warmUp && rate) latencies[n - workload.warmUp] = performance.now() - dueMs(n)
    received += 1
    if (received === workload.warmUp) measuredFromMs = performance.now()
  })
}
preferred()
await readyToGo()
startedMs = performance.now()
const isDue = rate ? () => dueMs(next) <= performance.now() : () => next - received < underWayMax
let movedMs = startedMs
for (let before = 0; received < count; before = received) {
  while (next < count && isDue()) send(next++)
  await Bun.sleep(tickMs)
  if (received > before) movedMs = performance.now()
  if (performance.now() - movedMs > stallTimeoutMs) throw new Error("messages do not arrive")
}
const elapsedMs = performance.now() - measuredFromMs
latencies.sort()
const result: OpenLoopResult = {
  messagesPerSecond: (workload.messages * 1000) / elapsedMs,
  p50: percentile(latencies, 0.5),
  p99: percentile(latencies, 0.99),
  p999: percentile(latencies, 0.999),
  max: percentile(latencies, 1),
}
await done(JSON.stringify(result))

function preferred(): void {
  try {
    setPriority(-15)
  } catch {
    // Not allowed: the figures are less steady then.
  }
}

function send(n: number): void {
  const properties = { deliveryMode, headers: { [headerName]: messages.key(n) } }
  const target = targets[messages.keyIndex(n)]!
  sending.channel
    .basicPublish("", target, messages.body(n), properties)
    .catch(() => process.exit(1))
}
