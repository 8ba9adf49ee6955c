import * as v from "valibot"
import { bounds } from "../core/bounds.ts"
import type { KeyRule } from "../core/key-rule.ts"
import type { QueueType } from "../wire/redelivery.ts"

/** What a member is told: to be subscribed to these queues and no others. */
export interface Assignment {
  readonly memberId: string
  readonly generation: number
  readonly partitions: readonly { readonly partition: number; readonly queue: string }[]
  readonly heartbeatIntervalMs: number
  /** Of these queues; absent, as `key` below, from a PartyMQ that does not tell it. */
  readonly queueType?: QueueType
  /** Absent from a PartyMQ that does not tell it. */
  readonly key?: KeyRule | undefined
  /** Grows with every change of the group's parked keys; absent while PartyMQ does not know it. */
  readonly parkedKeysVersion?: number
}

/** By partition. */
export const queuesOf = ({ partitions }: Assignment): ReadonlyMap<number, string> =>
  new Map(partitions.map(({ partition, queue }) => [partition, queue]))

export type Answer =
  | { readonly kind: "assigned"; readonly assignment: Assignment }
  /** The member is none, or is one no more. */
  | { readonly kind: "unknown_member" }
  /** It will be refused again as it is. */
  | { readonly kind: "refused"; readonly code: string; readonly detail: string }
  /** PartyMQ cannot be reached, or cannot answer at the moment. */
  | { readonly kind: "away"; readonly detail: string }

export interface MembersApi {
  join(memberId: string): Promise<Answer>
  heartbeat(memberId: string, said: Heartbeat, timeoutMs: number): Promise<Answer>
  /** Best effort: a member that does not leave expires. */
  leave(memberId: string): Promise<void>
}

export interface Heartbeat {
  readonly generation: number
  readonly partitions: readonly number[]
  /** It wants to leave once others are subscribed to what it has. */
  readonly leaving?: true
}

const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const assignmentSchema: v.GenericSchema<unknown, Assignment> = v.object({
  memberId: v.string(),
  generation: index,
  partitions: v.array(v.object({ partition: index, queue: v.string() })),
  heartbeatIntervalMs: v.pipe(index, v.minValue(1)),
  queueType: v.exactOptional(v.picklist(["quorum", "classic"])),
  parkedKeysVersion: v.exactOptional(index),
  key: v.exactOptional(
    v.object({
      extractors: v.array(v.looseObject({ use: v.string() })),
      onMissingKey: v.union([v.picklist(["dead-letter", "spread"]), v.object({ key: v.string() })]),
    }),
  ),
})
const problemSchema = v.object({ code: v.string(), detail: v.string() })
/** Refusals that PartyMQ itself makes; any other 4xx may come from what stands before it. */
const refusals: ReadonlySet<string> = new Set(["unknown_topic", "unknown_group", "invalid_member"])

export interface MembersApiOptions {
  /** PartyMQ's base URL. */
  readonly url: string
  /** Sent along with every request. */
  readonly headers: Readonly<Record<string, string>>
  readonly topic: string
  readonly group: string
}

/** The requests of the members of a group. Whatever comes of one is a value. */
export function membersApi({ url, headers, topic, group }: MembersApiOptions): MembersApi {
  const base = url.replace(/\/+$/, "")
  const names = `topics/${encodeURIComponent(topic)}/groups/${encodeURIComponent(group)}`
  const members = `${base}/v1/${names}/members`
  const longestMs = bounds.memberRequestTimeoutMs
  const ask = (method: string, path: string, body?: object, timeoutMs: number = longestMs) =>
    fetch(members + path, {
      method,
      headers: { ...headers, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    })
  const answer = (asking: Promise<Response>) => answerOf(asking, `PartyMQ at ${new URL(base).host}`)
  const own = (memberId: string) => `/${encodeURIComponent(memberId)}`
  return {
    join: (memberId) => answer(ask("POST", "", { memberId })),
    heartbeat: (memberId, said, timeoutMs) => answer(ask("PUT", own(memberId), said, timeoutMs)),
    async leave(memberId) {
      await ask("DELETE", own(memberId)).catch(() => {})
    },
  }
}

/** @param subject who is asked, for people */
async function answerOf(asking: Promise<Response>, subject: string): Promise<Answer> {
  const away = (fact: string): Answer => ({ kind: "away", detail: `${subject}: ${fact}` })
  try {
    const response = await asking
    const said: unknown = await response.json().catch(() => undefined)
    if (response.ok) {
      const parsed = v.safeParse(assignmentSchema, said)
      if (parsed.success) return { kind: "assigned", assignment: parsed.output }
      return away("what answers over HTTP is not PartyMQ")
    }
    const problem = v.safeParse(problemSchema, said)
    if (!problem.success) return away(`HTTP status ${response.status}`)
    const { code, detail } = problem.output
    if (code === "unknown_member") return { kind: "unknown_member" }
    return refusals.has(code) ? { kind: "refused", code, detail } : away(detail)
  } catch (error) {
    return away(error instanceof Error ? error.message : "unknown")
  }
}
