import * as v from "valibot"
import { bounds } from "../core/bounds.ts"
import type { MembersApiOptions } from "./members-api.ts"

/** A key whose messages go into a queue of their own, as PartyMQ says. */
export interface ParkedKeyAnswer {
  readonly keyBase64: string
  readonly state: "parked" | "resuming"
  readonly queue: string
  readonly version: number
}

/** What a consumer asks PartyMQ about the parked keys of a partition. All reject while it is away. */
export interface ParkedKeysApi {
  list(partition: number): Promise<ParkedKeyAnswers>
  /** As `list`; no other can release a key of the partition from then on. */
  claim(partition: number): Promise<ParkedKeyAnswers>
  /** Rejects as well while there is no room for one more. */
  park(keyBase64: string, partition: number, detail: string): Promise<ParkedKeyAnswer>
  /** `false`: it is not what it was at that version. */
  release(keyBase64: string, version: number): Promise<boolean>
}

export interface ParkedKeyAnswers {
  readonly version: number
  readonly keys: readonly ParkedKeyAnswer[]
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const keySchema = v.object({
  keyBase64: v.string(),
  state: v.picklist(["parked", "resuming"]),
  queue: v.string(),
  version: count,
})
const keysSchema = v.object({ version: count, keys: v.array(keySchema) })
const problemSchema = v.object({ code: v.string(), detail: v.string() })

export function parkedKeysApi(options: MembersApiOptions): ParkedKeysApi {
  const { url, headers, topic, group } = options
  const names = `topics/${encodeURIComponent(topic)}/groups/${encodeURIComponent(group)}`
  const keys = `${url.replace(/\/+$/, "")}/v1/${names}/keys`
  const ask = (path: string, body?: object) =>
    fetch(keys + path, {
      method: body === undefined ? "GET" : "POST",
      headers: { ...headers, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(bounds.requestTimeoutMs),
    })
  return {
    list: async (partition) => parsed(keysSchema, await ask(`?partition=${partition}`)),
    claim: async (partition) => parsed(keysSchema, await ask("/claim", { partition })),
    park: async (keyBase64, partition, detail) =>
      parsed(keySchema, await ask("", { keyBase64, partition, detail })),
    async release(keyBase64, version) {
      const response = await ask("/release", { keyBase64, version })
      if (response.status === 409) return false
      await parsed(v.object({ released: v.literal(true) }), response)
      return true
    },
  }
}

async function parsed<Schema extends v.GenericSchema>(
  schema: Schema,
  response: Response,
): Promise<v.InferOutput<Schema>> {
  const said: unknown = await response.json().catch(() => undefined)
  if (response.ok) {
    const answer = v.safeParse(schema, said)
    if (answer.success) return answer.output
    throw new Error("what answers over HTTP about parked keys is not PartyMQ")
  }
  const problem = v.safeParse(problemSchema, said)
  const detail = problem.success ? problem.output.detail : `HTTP status ${response.status}`
  throw new Error(`PartyMQ does not answer about parked keys: ${detail}`)
}
