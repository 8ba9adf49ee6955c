import * as v from "valibot"

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

const memberSchema = v.strictObject({
  memberId: v.string(),
  heardMsAgo: v.pipe(count, v.description("Since it joined or its last heartbeat")),
  assigned: v.pipe(
    v.array(count),
    v.description("Partitions that it is told to be subscribed to, standby or active"),
  ),
  subscribed: v.pipe(v.array(count), v.description("Those that it says it is subscribed to")),
})

export const membersSchema = v.strictObject({ members: v.array(memberSchema) })

export const groupDescriptionSchema = v.strictObject({
  topic: v.string(),
  group: v.string(),
  generation: count,
  partitioner: v.string(),
  members: membersSchema.entries.members,
  partitions: v.array(
    v.strictObject({
      partition: count,
      queue: v.string(),
      messages: v.pipe(v.nullable(count), v.description("null: the broker could not be asked")),
      consumers: v.pipe(v.nullable(count), v.description("null: the broker could not be asked")),
      members: v.pipe(
        v.array(v.string()),
        v.description("Whose it is; two during a hand-over, the one that takes over last"),
      ),
      idle: v.optional(
        v.pipe(
          v.strictObject({ reason: v.picklist(["unconsumed", "undelivered"]), why: v.string() }),
          v.description("It has messages, and nothing has moved for some time"),
        ),
      ),
    }),
  ),
})

export type MemberList = v.InferOutput<typeof membersSchema>["members"]
export type GroupDescription = v.InferOutput<typeof groupDescriptionSchema>
