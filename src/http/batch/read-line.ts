import type { PartitionKey } from "../../core/key.ts"
import { givenKey, type ReadLine, UnusableLine } from "./line-message.ts"
import { givenText, type JsonObject, parseObject } from "./parse-object.ts"

/**
 * Reads one item. One that cannot be used is still asked for its id and key: the producer has to find
 * it, and later lines of its key must not be sent.
 *
 * @param names the members that hold them
 * @param read may throw `UnusableLine`
 */
export function readLine(
  text: Uint8Array,
  names: { readonly id: string; readonly key: string },
  read: (object: JsonObject) => ReadLine,
): ReadLine {
  let object: JsonObject | undefined
  try {
    object = parseObject(text)
    return read(object)
  } catch (error) {
    if (!(error instanceof UnusableLine)) throw error
    const id = givenText(object, names.id)
    const key = usableKey(givenText(object, names.key))
    const { code, message: detail } = error
    return {
      ...{ kind: "refused", code, detail },
      ...(id === undefined ? {} : { id: id.slice(0, shownIdLengthMax) }),
      ...(key === undefined ? {} : { key }),
    }
  }
}

/** An id that is too long may be as long as a line. */
const shownIdLengthMax = 255

function usableKey(text: string | undefined): PartitionKey | undefined {
  try {
    return text === undefined ? undefined : givenKey(text)
  } catch {
    return undefined
  }
}
