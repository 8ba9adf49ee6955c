import * as v from "valibot"
import { required } from "../config-error.ts"

/**
 * An object with exactly these fields. Unlike valibot's `strictObject` it reports every unknown key
 * and not only the first, and takes no array for an object. Each message is the list of what is
 * allowed; `configProblems` makes sentences of them.
 */
export function section<const Entries extends v.ObjectEntries>(entries: Entries): Section<Entries> {
  const names = Object.keys(entries).join(", ")
  const plain = v.custom<v.InferInput<Section<Entries>>>(isPlainObject, "an object")
  return v.pipe(plain, v.objectWithRest(entries, v.never(names), required))
}

type Section<Entries extends v.ObjectEntries> = v.GenericSchema<
  v.InferInput<v.StrictObjectSchema<Entries, undefined>>,
  v.InferOutput<v.StrictObjectSchema<Entries, undefined>>
>

/** Named sections, such as topics; `allowed` says which names there may be. */
export function named<Input, Output>(
  name: v.GenericSchema<string, string>,
  field: v.GenericSchema<Input, Output>,
): v.GenericSchema<Record<string, Input>, Record<string, Output>> {
  const plain = v.custom<Record<string, Input>>(isPlainObject, "an object")
  return v.pipe(plain, v.record(name, field))
}

function isPlainObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
