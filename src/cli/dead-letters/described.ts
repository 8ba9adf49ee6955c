import type { Delivery } from "../../broker/content-reader.ts"
import { readNote } from "../../core/dead-letter.ts"

/** A dead letter in a few fields: those of its note, and its size. */
export const described = (delivery: Delivery) => ({
  ...readNote(delivery.properties),
  sizeBytes: delivery.body.length,
})
