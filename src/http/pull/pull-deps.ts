import type * as v from "valibot"
import type { GroupPull } from "../../broker/pull/group-pull.ts"
import type { PullConfig } from "../../config/config.ts"
import type { Admission } from "../../core/admission.ts"
import { bounds } from "../../core/bounds.ts"
import type { HttpDeps } from "../deps.ts"
import type { Problem } from "../problem.ts"
import { readJson, unreadableBody } from "../read-json.ts"
import { unknownTopic } from "../unknown-topic.ts"
import { unreadBodyResponse } from "../unread-body.ts"
import { unservedGroup } from "../unserved-group.ts"
import type { Receipts } from "./receipts.ts"

/** What the routes of consumers that pull work with. */
export interface PullDeps extends HttpDeps {
  readonly receipts: Receipts
  /** Places for bodies that are coming. */
  readonly bodies: Admission
}

/** A group that can be pulled from. */
export interface PulledGroup {
  readonly topic: string
  readonly group: string
  readonly pull: GroupPull
  readonly config: PullConfig
}

export function pulledGroup(
  { router }: PullDeps,
  { topic = "", group = "" }: Readonly<Record<string, string>>,
): PulledGroup | Problem {
  const refusal = unknownTopic(router.config, topic)
  if (refusal !== undefined) return refusal
  const pull = router.pull.of(topic, group)
  if (pull === undefined) return unservedGroup(router.config, topic, group)
  return { topic, group, pull, config: router.config.topics[topic]!.groups[group]!.pull }
}

/** Problems of every route that has a group in its path and a body. */
export const pullProblems = [
  "invalid_pull",
  ...unreadableBody,
  "unknown_topic",
  "unknown_group",
  "client_bound_group",
  "overloaded",
] as const

export async function readPull<Schema extends v.GenericSchema>(
  request: Request,
  deps: PullDeps,
  schema: Schema,
): Promise<{ readonly value: v.InferOutput<Schema> } | Response> {
  const bytesMax = bounds.pullBodyBytesMax
  const place = deps.bodies.enter(0)
  if (place === undefined) return unreadBodyResponse("overloaded", bytesMax)
  try {
    return await readJson(request, deps, schema, { bytesMax, invalid: "invalid_pull", place })
  } finally {
    place.leave()
  }
}
