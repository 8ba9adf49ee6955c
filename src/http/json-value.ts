/** What a JSON text in UTF-8 says; `undefined`, which JSON cannot say, when it is none. */
export function jsonValue(text: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(text))
  } catch {
    return undefined
  }
}

/** Passes over a byte order mark. */
const decoder = new TextDecoder("utf-8", { fatal: true })
