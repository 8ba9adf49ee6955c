const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/**
 * The text of a request header, or `undefined` when its bytes are not UTF-8. `Headers` gives one
 * UTF-16 unit per byte; AMQP strings are UTF-8, and a key must have the same bytes on both ways in.
 */
export function headerText(value: string): string | undefined {
  if (isAscii(value)) return value
  try {
    return utf8.decode(Buffer.from(value, "latin1"))
  } catch {
    return undefined
  }
}

function isAscii(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 0x7f) return false
  return true
}
