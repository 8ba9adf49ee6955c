/** What came of reading a body. Everything but `body` leaves the rest of it unread. */
export type BodyRead =
  | { readonly kind: "body"; readonly body: Uint8Array }
  /** More than `bytesMax`. */
  | { readonly kind: "too_large" }
  /** `grow` refused. */
  | { readonly kind: "overloaded" }
  | { readonly kind: "timeout" }
  /** `signal` was aborted before the body was complete. */
  | { readonly kind: "aborted" }
  /** The client went away or broke off. */
  | { readonly kind: "incomplete" }

export interface BodyBounds {
  readonly bytesMax: number
  /** For the whole body, so that sending a little now and then does not hold a place for ever. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Asked before each piece is kept. */
  readonly grow: (bytes: number) => boolean
}

/** Reads a whole body, holding every bound while it reads. Never throws. */
export async function readBody(
  stream: ReadableStream<Uint8Array> | null,
  { bytesMax, timeoutMs, signal, grow }: BodyBounds,
): Promise<BodyRead> {
  if (stream === null) return { kind: "body", body: new Uint8Array(0) }
  const reader = stream.getReader()
  let cut: BodyRead | undefined
  const giveUp = (reason: BodyRead) => {
    cut ??= reason
    reader.cancel().catch(() => {})
    return reason
  }
  const onAbort = () => void giveUp({ kind: "aborted" })
  const timer = setTimeout(() => giveUp({ kind: "timeout" }), timeoutMs)
  signal.addEventListener("abort", onAbort)
  const pieces = createPieces()
  try {
    while (true) {
      const { done, value } = await reader.read()
      // Cancelling ends the stream as if it were complete, so this is asked first.
      if (cut !== undefined) return cut
      if (done) return { kind: "body", body: pieces.joined() }
      const refusal = refusalOf(value.length)
      if (refusal !== undefined) return giveUp(refusal)
      pieces.add(value)
    }
  } catch {
    return cut ?? { kind: "incomplete" }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener("abort", onAbort)
  }

  function refusalOf(bytes: number): BodyRead | undefined {
    if (pieces.bytes + bytes > bytesMax) return { kind: "too_large" }
    return grow(bytes) ? undefined : { kind: "overloaded" }
  }
}

/**
 * Gathers pieces into one buffer that doubles as needed: a body sent byte by byte must not cost an
 * object per byte. A body that comes in one piece, as most do, is not copied.
 */
function createPieces() {
  let buffer: Uint8Array = new Uint8Array(0)
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    add(piece: Uint8Array): void {
      const end = bytes + piece.length
      if (bytes === 0) buffer = piece
      else if (end > buffer.length) {
        const larger = new Uint8Array(Math.max(end, 2 * buffer.length, 4096))
        larger.set(buffer.subarray(0, bytes))
        larger.set(piece, bytes)
        buffer = larger
      } else buffer.set(piece, bytes)
      bytes = end
    },
    joined: (): Uint8Array => (bytes === buffer.length ? buffer : buffer.slice(0, bytes)),
  }
}
