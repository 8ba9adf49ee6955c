import * as v from "valibot"
import { bounds } from "../../core/bounds.ts"
import { type Contradiction, contradictions } from "./contradictions.ts"
import { amqpName, durationMs, integer, oneOf, pluginUse } from "./fields.ts"
import { queueSchema } from "./queue-schema.ts"
import { section } from "./section.ts"

const partitionsAllowed = `a whole number from 1 to ${bounds.partitionsMax}, or "clients"`
const weightAllowed = "a number above 0"

/** With the longest host name behind it, it has to fit into a routing key. */
const prefixBytesMax = bounds.queueNameBytesMax - bounds.clientNameLengthMax
const prefixAllowed = `a text of at most ${prefixBytesMax} bytes`
const routingKeyPrefix = v.pipe(v.string(prefixAllowed), v.maxBytes(prefixBytesMax, prefixAllowed))

const clientsSchema = section({
  exchange: v.optional(amqpName, "partymq.ex.write"),
  routingKeyPrefix: v.optional(routingKeyPrefix, "partymq.partition-"),
  heartbeatCheckIntervalMs: v.optional(durationMs(100), 30_000),
  heartbeatExpiryMs: v.optional(durationMs(100), 120_000),
  partitions: v.optional(integer(1, bounds.clientPartitionsMax), 64),
  initialDelayMs: v.optional(durationMs(0), 10_000),
  initialDelayMaxMs: v.optional(durationMs(0), 30_000),
  returnDelayMs: v.optional(durationMs(0), 3_000),
  onHandOverTimeout: v.optional(v.picklist(["wait", "proceed"], '"wait", "proceed"'), "wait"),
  handOverTimeoutMs: v.optional(durationMs(100), 30_000),
})

const memberFields = section({
  assignor: v.optional(oneOf(["sticky", "range"]), "sticky"),
  sessionTimeoutMs: v.optional(durationMs(1_000), 10_000),
  drainTimeoutMs: v.optional(durationMs(100), 30_000),
  initialDelayMs: v.optional(durationMs(0), 3_000),
})

const membersSchema = v.pipe(memberFields, contradictions(memberContradictions))

/** A member hears with its next heartbeat what it is to give back, and does it in turns. */
function memberContradictions(members: v.InferOutput<typeof memberFields>): Contradiction[] {
  const { sessionTimeoutMs, drainTimeoutMs } = members
  const leastMs = Math.ceil(
    sessionTimeoutMs / bounds.heartbeatsPerSession + 2 * bounds.handOverSpreadMs,
  )
  if (drainTimeoutMs >= leastMs) return []
  const allowed = `at least ${leastMs}: a fifth of sessionTimeoutMs and half a second`
  return [{ path: ["drainTimeoutMs"], found: drainTimeoutMs, allowed }]
}

const pullSchema = section({
  prefetch: v.optional(integer(1, bounds.pullPrefetchMax), bounds.pullPrefetch),
  visibilityTimeoutMs: v.optional(
    integer(bounds.visibilityTimeoutMsMin, bounds.visibilityTimeoutMsMax),
    bounds.visibilityTimeoutMs,
  ),
  deliveriesMax: v.optional(integer(1, 1_000_000), 10),
})

const fields = section({
  partitions: v.optional(
    v.custom<number | "clients">(
      (value) => value === "clients" || v.is(integer(1, bounds.partitionsMax), value),
      partitionsAllowed,
    ),
    16,
  ),
  partitioner: v.optional(pluginUse, { use: "consistent-hash" }),
  weights: v.exactOptional(
    v.array(
      v.pipe(v.number(weightAllowed), v.finite(weightAllowed), v.gtValue(0, weightAllowed)),
      "a list of numbers above 0, one per partition",
    ),
  ),
  queue: v.optional(queueSchema, {}),
  members: v.optional(membersSchema, {}),
  clients: v.exactOptional(clientsSchema),
  pull: v.optional(pullSchema, {}),
})

/** A client-bound group always has its `clients` settings, any other group never. */
export const groupSchema = v.pipe(
  fields,
  contradictions(groupContradictions),
  v.transform((group) =>
    group.partitions === "clients" ? { clients: clientsDefaults, ...group } : group,
  ),
)

const clientsDefaults = v.parse(clientsSchema, {})

function groupContradictions(group: v.InferOutput<typeof fields>): Contradiction[] {
  const { partitions, weights, clients, queue } = group
  const found: Contradiction[] = []
  if (clients !== undefined && partitions !== "clients") {
    found.push({
      path: ["clients"],
      found: clients,
      allowed: 'nothing unless partitions is "clients"',
    })
  }
  if (weights !== undefined && weights.length !== partitions) {
    const allowed =
      partitions === "clients"
        ? 'nothing while partitions is "clients"'
        : `${partitions} numbers above 0, one per partition`
    found.push({ path: ["weights"], found: weights, allowed })
  }
  if (queue.deliveryLimit !== undefined && partitions === "clients") {
    const allowed =
      'nothing while partitions is "clients": what waits to be forwarded is delivered anew with each ' +
      "hand-over, and would be dead-lettered although no client ever had it"
    found.push({ path: ["queue", "deliveryLimit"], found: queue.deliveryLimit, allowed })
  }
  return found
}
