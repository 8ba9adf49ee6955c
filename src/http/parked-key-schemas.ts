import * as v from "valibot"

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

export const parkedKeySchema = v.strictObject({
  key: v.pipe(v.nullable(v.string()), v.description("As text; null: it is not UTF-8")),
  keyBase64: v.string(),
  partition: count,
  state: v.pipe(
    v.picklist(["parked", "resuming"]),
    v.description("resuming: its messages are handled, and what follows waits behind them"),
  ),
  since: v.pipe(v.string(), v.description("When it was parked last")),
  detail: v.pipe(v.string(), v.description("Why")),
  queue: v.pipe(v.string(), v.description("Has its messages, in order")),
  messages: v.pipe(count, v.description("Ready in the queue; not those that its consumer holds")),
  version: count,
})

export const parkedKeysSchema = v.strictObject({
  version: v.pipe(count, v.description("Grows with every change")),
  keys: v.array(parkedKeySchema),
})

export const releasedSchema = v.strictObject({ released: v.literal(true) })

export type ParkedKeyDescription = v.InferOutput<typeof parkedKeySchema>
export type ParkedKeyDescriptions = v.InferOutput<typeof parkedKeysSchema>
