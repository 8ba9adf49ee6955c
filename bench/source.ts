import { type BenchVhost, openChannel } from "./bench-vhost.ts"
import { publishAll } from "./publish-all.ts"
import { headerName, messagesOf, type Workload } from "./workload.ts"

export const sourceQueue = "bench.source"
const depthIntervalMs = 4

/** A full source queue that nobody gets anything of yet. */
export interface HeldSource {
  /** Gives it to the router that has subscribed meanwhile. */
  release(): Promise<void>
}

/**
 * Declares the queue that routers read, as PartyMQ declares it, fills it, and takes it: with Single
 * Active Consumer on, all who subscribe after this wait until it is released.
 */
export async function loadSource({ url }: BenchVhost, workload: Workload): Promise<HeldSource> {
  const opened = await openChannel(url)
  const { channel } = opened
  const settings = { "x-queue-type": workload.queueType, "x-single-active-consumer": true }
  await channel.queueDeclare(sourceQueue, { durable: true }, settings)
  await channel.confirmSelect()
  const messages = messagesOf(workload)
  const deliveryMode = workload.persistent ? 2 : 1
  await publishAll(0, messages.count, (n) => {
    const headers = workload.keyFrom === "header" ? { [headerName]: messages.key(n) } : {}
    return channel.basicPublish("", sourceQueue, messages.body(n), { deliveryMode, headers })
  })
  await channel.basicQos(1)
  await channel.basicConsume(sourceQueue, { noAck: false }, () => {})
  return { release: () => opened[Symbol.asyncDispose]() }
}

/**
 * Lets a router begin and follows it by what the broker says. Measured are the messages that are still in the source
 * when the warm-up's have left it, until the last copy is in its partition queue.
 */
export async function followRouter(
  { url }: BenchVhost,
  source: HeldSource,
  { messages, warmUp, groups }: Workload,
  queues: readonly string[],
  started: (messages: number) => void,
): Promise<void> {
  await using opened = await openChannel(url)
  const { channel } = opened
  const depth = async (queue: string) =>
    (await channel.queueDeclare(queue, { passive: true })).messageCount
  await source.release()
  const left = await depthAtMost(messages, () => depth(sourceQueue))
  started(left)
  await depthAtMost(0, () => depth(sourceQueue))
  const copies = (warmUp + messages) * groups
  const open = new Set(queues)
  await depthAtMost(0, async () => {
    const depths = await Promise.all([...open].map(depth))
    return copies - depths.reduce((sum, each) => sum + each, 0)
  })
}

/** Waits for it, and answers what it was then. Nothing moves for half a minute: it never will. */
async function depthAtMost(most: number, depth: () => Promise<number>): Promise<number> {
  let last = Number.POSITIVE_INFINITY
  let movedMs = performance.now()
  for (;;) {
    const now = await depth()
    if (now <= most) return now
    if (now !== last) movedMs = performance.now()
    else if (performance.now() - movedMs > 30_000) throw new Error(`${now} messages do not move`)
    last = now
    await Bun.sleep(depthIntervalMs)
  }
}
