import * as v from "valibot"
import { BrokerError } from "../broker/broker-error.ts"
import type { ParkedKeyList, ParkedKeyStatus, ParkingLot } from "../broker/parking-lot.ts"
import { bounds } from "../core/bounds.ts"
import type { HttpDeps } from "./deps.ts"
import { groupOf } from "./group-of.ts"
import { jsonResponse } from "./json-response.ts"
import type { Operation } from "./operation.ts"
import {
  type ParkedKeyDescription,
  parkedKeySchema,
  parkedKeysSchema,
  releasedSchema,
} from "./parked-key-schemas.ts"
import { type Problem, problem, problemResponse } from "./problem.ts"
import { queryOf } from "./query-of.ts"
import { readJson, unreadableBody } from "./read-json.ts"
import type { Route } from "./route.ts"
import { unknownPartition } from "./unknown-partition.ts"

const path = "/v1/topics/:topic/groups/:group/keys"

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const partition = v.pipe(count, v.maxValue(bounds.partitionsMax))
const base64 = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9+/]*={0,2}$/, "must be base64"),
  v.maxLength(Math.ceil(bounds.keyBytesMax / 3) * 4),
)
const named = { key: v.exactOptional(v.string()), keyBase64: v.exactOptional(base64) }
const keySchema = v.strictObject(named)
const parkSchema = v.strictObject({
  ...named,
  partition,
  detail: v.optional(v.pipe(v.string(), v.maxLength(2 * bounds.handlerErrorLengthMax)), ""),
})
const releaseSchema = v.strictObject({ ...named, version: count })
const claimSchema = v.strictObject({ partition })

/** Parked keys: what people ask about them, and what consumers say. */
export const parkedKeyRoutes = (deps: HttpDeps): readonly Route[] => [
  {
    method: "GET",
    path,
    operation: {
      id: "listParkedKeys",
      summary: "The parked keys of a group",
      description: "`?partition=3` for those of one partition.",
      successes: [listed],
      problems: [...groupProblems, "unknown_partition"],
    },
    serve: (request, parameters) =>
      answer(deps, parameters, async ({ lot, without }) => {
        const asked = queryOf(request).get("partition")
        if (asked === null) return jsonResponse(listOf(await lot.list()))
        const parsed = v.safeParse(partition, asked === "" ? undefined : Number(asked))
        if (!parsed.success) {
          return problem("invalid_parked_key", "partition: must be the number of one")
        }
        return without(parsed.output) ?? jsonResponse(listOf(await lot.list(parsed.output)))
      }),
  },
  post(deps, path, {
    id: "parkKey",
    summary: "Park a key",
    description:
      "For a consumer, before it puts a message of the key into the queue that this names, and all that " +
      "follow. The body is `{key | keyBase64, partition, detail?}`. Idempotent.",
    successes: [one],
    problems: ["unknown_partition", "too_many_parked_keys"],
    schema: parkSchema,
    async ask({ lot, without }, { partition, detail, ...asked }) {
      const key = keyOf(asked)
      if (typeof key !== "string") return key
      const refusal = without(partition)
      if (refusal !== undefined) return refusal
      const parked = await lot.park(key, partition, detail)
      if (parked !== undefined) return jsonResponse(descriptionOf(parked))
      return problem("too_many_parked_keys", `the group has ${bounds.parkedKeysMax} parked keys`)
    },
  }),
  post(deps, `${path}/resume`, {
    id: "resumeKey",
    summary: "Have the messages of a parked key handled",
    description:
      "In order, and before newer ones of the key. The body is `{key | keyBase64}`. Idempotent.",
    successes: [one],
    problems: ["unknown_parked_key", "unknown_partition"],
    schema: keySchema,
    async ask({ lot, without }, asked) {
      const key = keyOf(asked)
      if (typeof key !== "string") return key
      const parked = await lot.find(key)
      const refusal = parked && without(parked.partition)
      if (refusal !== undefined) {
        const kept = `so nobody would handle its messages, which stay in "${parked!.queue}"`
        return { ...refusal, detail: `${refusal.detail}, ${kept}` }
      }
      const resumed = await lot.resume(key)
      if (resumed !== undefined) return jsonResponse(descriptionOf(resumed))
      return problem(
        "unknown_parked_key",
        "no such key is parked; GET .../keys lists those that are",
      )
    },
  }),
  post(deps, `${path}/release`, {
    id: "releaseKey",
    summary: "Say that nothing of a parked key is left",
    description:
      "For the consumer that has handled all of it. The body is `{key | keyBase64, version}`. Idempotent.",
    successes: [
      {
        status: 200,
        description: "It is parked no more",
        mediaType: "application/json",
        schema: releasedSchema,
      },
    ],
    problems: ["key_not_replayed"],
    schema: releaseSchema,
    async ask({ lot }, { version, ...asked }) {
      const key = keyOf(asked)
      if (typeof key !== "string") return key
      if (await lot.release(key, version)) return jsonResponse({ released: true })
      return problem("key_not_replayed", "it has messages, or is not what it was at that version")
    },
  }),
  post(deps, `${path}/claim`, {
    id: "claimKeys",
    summary: "Say that a partition has a new consumer, and learn its parked keys",
    description:
      "For a consumer, before it handles the first message that a partition queue has delivered to it. " +
      "The body is `{partition}`. No other can release a key of the partition from then on.",
    successes: [listed],
    problems: ["unknown_partition"],
    schema: claimSchema,
    ask: async ({ lot, without }, asked) =>
      without(asked.partition) ?? jsonResponse(listOf(await lot.claim(asked.partition))),
  }),
]

const listed: Operation["successes"][number] = {
  status: 200,
  description: "The keys, and why they are parked",
  mediaType: "application/json",
  schema: parkedKeysSchema,
}
const one: Operation["successes"][number] = {
  status: 200,
  description: "The key as it is now",
  mediaType: "application/json",
  schema: parkedKeySchema,
}
const groupProblems = [
  "unknown_topic",
  "unknown_group",
  "client_bound_group",
  "invalid_parked_key",
  "broker_away",
] as const

interface AskedGroup {
  readonly lot: ParkingLot
  /** The problem with a partition that the group does not have. */
  readonly without: (partition: number) => Problem | undefined
}

interface Asking<Schema extends v.GenericSchema>
  extends Pick<Operation, "id" | "summary" | "description" | "successes" | "problems"> {
  readonly schema: Schema
  readonly ask: (group: AskedGroup, asked: v.InferOutput<Schema>) => Promise<Response | Problem>
}

function post<Schema extends v.GenericSchema>(
  deps: HttpDeps,
  at: string,
  { schema, ask, problems, ...said }: Asking<Schema>,
): Route {
  return {
    method: "POST",
    path: at,
    operation: {
      ...said,
      bodies: ["application/json"],
      problems: [...groupProblems, ...unreadableBody, ...problems],
    },
    serve: (request, parameters) =>
      answer(deps, parameters, async (group) => {
        const read = await readJson(request, deps, schema, {
          bytesMax: bounds.memberBodyBytesMax,
          invalid: "invalid_parked_key",
        })
        return read instanceof Response ? read : ask(group, read.value)
      }),
  }
}

async function answer(
  deps: HttpDeps,
  parameters: Readonly<Record<string, string>>,
  ask: (group: AskedGroup) => Promise<Response | Problem>,
): Promise<Response> {
  const coordinator = groupOf(deps, parameters)
  if ("code" in coordinator) return problemResponse(coordinator)
  const { topic = "", group = "" } = parameters
  const lot = deps.router.parkingLot(topic, group)!
  const { partitions } = lot
  const without = (partition: number) =>
    partition < partitions ? undefined : unknownPartition({ topic, group, partitions }, partition)
  try {
    const said = await ask({ lot, without })
    return said instanceof Response ? said : problemResponse(said)
  } catch (error) {
    if (error instanceof BrokerError) return problemResponse(problem("broker_away", error.message))
    throw error
  }
}

/** In base64, as `Buffer` writes it. */
function keyOf({ key, keyBase64 }: v.InferOutput<typeof keySchema>): string | Problem {
  if ((key === undefined) === (keyBase64 === undefined)) {
    return problem("invalid_parked_key", "either key or keyBase64 is needed")
  }
  const bytes = key === undefined ? Buffer.from(keyBase64!, "base64") : Buffer.from(key)
  if (bytes.length <= bounds.keyBytesMax) return bytes.toString("base64")
  return problem("invalid_parked_key", `a key has at most ${bounds.keyBytesMax} bytes`)
}

const listOf = ({ version, keys }: ParkedKeyList) => ({ version, keys: keys.map(descriptionOf) })

function descriptionOf({ key, stay: _, ...parked }: ParkedKeyStatus): ParkedKeyDescription {
  return { ...parked, keyBase64: key, key: textOf(Buffer.from(key, "base64")) }
}

function textOf(key: Uint8Array): string | null {
  try {
    return strictUtf8.decode(key)
  } catch {
    return null
  }
}
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
