import * as v from "valibot"
import { bounds } from "../../core/bounds.ts"
import { required } from "../config-error.ts"

/** The message of every field is what is allowed there; the path and the value are added later. */

/** A whole number within bounds, both included. */
export function integer(min: number, max: number) {
  const allowed = `a whole number from ${min} to ${max}`
  return v.pipe(
    v.number(allowed),
    v.safeInteger(allowed),
    v.minValue(min, allowed),
    v.maxValue(max, allowed),
  )
}

/** A length of time in milliseconds, at least `min`. */
export function durationMs(min = 1) {
  return integer(min, bounds.durationMsMax)
}

/** One of a few words. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  return v.picklist(words, words.map((word) => JSON.stringify(word)).join(", "))
}

/** Text that is not empty. */
export const text = v.pipe(v.string("a text"), v.nonEmpty("a text that is not empty"))

export const flag = v.boolean("true, false")

const amqpNameAllowed = `a text of 1 to ${bounds.queueNameBytesMax} bytes that does not start with "amq."`

/** The name of a queue or exchange; the broker keeps `amq.` for itself. */
export const amqpName = v.pipe(
  v.string(amqpNameAllowed),
  v.nonEmpty(amqpNameAllowed),
  v.maxBytes(bounds.queueNameBytesMax, amqpNameAllowed),
  v.check((name) => !name.startsWith("amq."), amqpNameAllowed),
)

const routingKeyAllowed = `a text of at most ${bounds.queueNameBytesMax} bytes`

export const routingKey = v.pipe(
  v.string(routingKeyAllowed),
  v.maxBytes(bounds.queueNameBytesMax, routingKeyAllowed),
)

const nameAllowed = `a name of 1 to ${bounds.nameLengthMax} letters, digits, "_" and "-" that starts with a letter or digit`

/** The name of a topic or group. No dot: dots separate the parts of a queue's name. */
export const name = v.pipe(
  v.string(nameAllowed),
  v.maxLength(bounds.nameLengthMax, nameAllowed),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, nameAllowed),
)

/** A plugin by name or path; the options beside `use` are the plugin's own business. */
export const pluginUse = v.pipe(
  v.custom<{ use: string; [option: string]: unknown }>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    'an object such as { use: "name or path", ...options }',
  ),
  v.looseObject({ use: text }, required),
)
