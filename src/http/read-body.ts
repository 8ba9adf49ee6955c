import type { Place } from "../core/admission.ts"
import { passingBytes } from "../passing-bytes.ts"
import { createPieces } from "./pieces.ts"

/** What came of reading a body. Everything but `body` leaves the rest of it unread. */
export type BodyRead =
  | { readonly kind: "body"; readonly body: Uint8Array }
  /** More than `bytesMax`. */
  | { readonly kind: "too_large" }
  /** The place could not grow. */
  | { readonly kind: "overloaded" }
  /** It took longer than allowed, or so long that its place went to another. */
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
  /** Asked before each piece is kept; it may be taken away while the body is coming. */
  readonly place: Pick<Place, "grow" | "complete" | "onEvicted">
}

/** Reads a whole body, holding every bound while it reads. Never throws. */
export async function readBody(
  stream: ReadableStream<Uint8Array> | null,
  { bytesMax, timeoutMs, signal, place }: BodyBounds,
): Promise<BodyRead> {
  if (stream === null) {
    place.complete()
    return { kind: "body", body: new Uint8Array(0) }
  }
  const reader = stream.getReader()
  let cut: BodyRead | undefined
  const giveUp = (reason: BodyRead) => {
    cut ??= reason
    reader.cancel().catch(() => {})
    return reason
  }
  const onAbort = () => void giveUp({ kind: "aborted" })
  const onTimeout = () => void giveUp({ kind: "timeout" })
  const timer = setTimeout(onTimeout, timeoutMs)
  place.onEvicted = onTimeout
  signal.addEventListener("abort", onAbort)
  const pieces = createPieces()
  try {
    while (true) {
      const { done, value } = await reader.read()
      // Cancelling ends the stream as if it were complete, so this is asked first.
      if (cut !== undefined) return cut
      passingBytes.count(value?.length ?? 0)
      if (done) {
        place.complete()
        return { kind: "body", body: pieces.joined() }
      }
      const refusal = refusalOf(value.length)
      if (refusal !== undefined) return giveUp(refusal)
      pieces.add(value)
    }
  } catch {
    return cut ?? { kind: "incomplete" }
  } finally {
    clearTimeout(timer)
    // A closure of this scope would keep the pieces for as long as the message.
    place.onEvicted = nothingToCut
    signal.removeEventListener("abort", onAbort)
  }

  function refusalOf(bytes: number): BodyRead | undefined {
    if (pieces.bytes + bytes > bytesMax) return { kind: "too_large" }
    return place.grow(bytes) ? undefined : { kind: "overloaded" }
  }
}

const nothingToCut = () => {}
