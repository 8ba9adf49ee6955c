import * as v from "valibot"
import { bounds } from "../../core/bounds.ts"
import { amqpName, integer, oneOf, routingKey } from "./fields.ts"
import { section } from "./section.ts"

export const sourceSchema = section({
  queue: amqpName,
  exchange: v.exactOptional(amqpName),
  bind: v.optional(
    v.pipe(
      v.array(routingKey, "a list of routing keys"),
      v.minLength(1, "at least one routing key"),
    ),
    ["#"],
  ),
  topology: v.optional(oneOf(["declare", "passive"]), "declare"),
  type: v.optional(oneOf(["quorum", "classic"]), "quorum"),
  prefetch: v.optional(integer(1, 65_535), bounds.prefetch),
})
