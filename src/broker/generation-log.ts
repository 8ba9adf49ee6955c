import * as v from "valibot"
import { differences, type Generation, generationLog } from "../core/generation.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import { StartRefused } from "./start-refused.ts"
import { withChannel } from "./with-channel.ts"

/**
 * The generations of a topic live in a stream in the broker, one record a line of its history. Its
 * order decides: of several processes that propose a group's first generation at once, the proposal
 * that comes first in the stream is the one that all of them take.
 *
 * 1. Append a mark and read from the start up to it: that is certainly everything before it.
 * 2. A group without a generation: append a proposal, and read up to that.
 * 3. The first proposal of a group is its generation. If the configuration says something else, stop.
 */
const generationSchema = v.object({
  topic: v.string(),
  group: v.string(),
  generation: v.number(),
  partitions: v.number(),
  weights: v.exactOptional(v.array(v.number())),
  partitioner: v.object({ name: v.string(), options: v.unknown() }),
  fingerprint: v.exactOptional(v.string()),
  queue: v.record(v.string(), v.unknown()),
})
const entrySchema = v.variant("kind", [
  v.object({ kind: v.literal("mark"), id: v.string() }),
  v.object({ kind: v.literal("proposal"), id: v.string(), generations: v.array(generationSchema) }),
])
type Entry =
  | { readonly kind: "mark"; readonly id: string }
  | { readonly kind: "proposal"; readonly id: string; readonly generations: readonly Generation[] }

/**
 * Agrees with the broker, and so with every other process, on the generation of each group.
 * @throws {StartRefused} when what is recorded contradicts what is wanted
 */
export async function agreeOnGenerations(
  connection: Connection,
  topic: string,
  wanted: readonly Generation[],
): Promise<readonly Generation[]> {
  const history = await readGenerations(connection, topic)
  const missing = wanted.filter(({ group }) => !history.has(group))
  const recorded =
    missing.length === 0
      ? history
      : await appendAndRead(connection, topic, {
          kind: "proposal",
          id: crypto.randomUUID(),
          generations: missing,
        })
  const conflicts = wanted.flatMap((want) => {
    const found = differences(recorded.get(want.group)!, want)
    return found.length === 0 ? [] : [`group "${want.group}": ${found.join("; ")}`]
  })
  if (conflicts.length === 0) return wanted.map(({ group }) => recorded.get(group)!)
  throw new StartRefused(
    "generation_conflict",
    `topic "${topic}": the configuration contradicts the generation recorded in the broker. ${conflicts.join(". ")}. Restore the configuration, or use another group name: keys would change partition and lose their order.`,
  )
}

/** What the broker has recorded, by group; empty for a topic that was never started. */
export const readGenerations = (
  connection: Connection,
  topic: string,
): Promise<ReadonlyMap<string, Generation>> =>
  appendAndRead(connection, topic, { kind: "mark", id: crypto.randomUUID() })

async function appendAndRead(
  connection: Connection,
  topic: string,
  entry: Entry,
): Promise<ReadonlyMap<string, Generation>> {
  const log = generationLog(topic)
  try {
    return await withChannel(connection, `recording in "${log}"`, async (channel) => {
      await channel.queueDeclare(log, { durable: true }, { "x-queue-type": "stream" })
      await channel.confirmSelect()
      const appended = channel.basicPublish(
        "",
        log,
        JSON.stringify(entry),
        { deliveryMode: 2 },
        true,
      )
      await appended
      await channel.prefetch(100)
      const generations = new Map<string, Generation>()
      const read = new Promise<void>((resolve, reject) => {
        const offset = { noAck: false, args: { "x-stream-offset": "first" } }
        const consumed = channel.basicConsume(log, offset, (message) => {
          const next = parseEntry(message.bodyString() ?? "")
          fold(generations, next)
          if (next?.id === entry.id) resolve()
          return message.ack()
        })
        consumed.catch(reject)
      })
      await read
      return generations
    })
  } catch (error) {
    throw BrokerError.from(error, `cannot agree on the generations of topic "${topic}"`)
  }
}

/** `undefined` for what somebody else put there. */
function parseEntry(line: string): Entry | undefined {
  try {
    return v.parse(entrySchema, JSON.parse(line))
  } catch {
    return undefined
  }
}

function fold(generations: Map<string, Generation>, entry: Entry | undefined): void {
  if (entry?.kind !== "proposal") return
  for (const generation of entry.generations) {
    if (!generations.has(generation.group)) generations.set(generation.group, generation)
  }
}
