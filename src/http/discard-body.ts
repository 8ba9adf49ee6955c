import { bounds } from "../core/bounds.ts"
import { passingBytes } from "../passing-bytes.ts"
import { announcedLength } from "./announced-length.ts"

/**
 * Reads and drops a body of which nothing was asked, before the answer: where that comes first the
 * connection is closed under a client that is sending, and many clients hear of nothing else then. What is
 * very large, or does not come in time, is not waited for, nor is anything once `stopping` is aborted; what
 * is small has come with the head.
 */
export async function discardBody(request: Request, stopping: AbortSignal): Promise<void> {
  const bytes = announcedLength(request.headers.get("content-length"))
  if (bytes < comeWithHeadBytes || bytes > bounds.discardedBodyBytesMax) return
  const { body, bodyUsed } = request
  if (stopping.aborted || bodyUsed || body === null || body.locked) return
  const reader = body.getReader()
  const giveUp = () => void reader.cancel().catch(() => {})
  const timer = setTimeout(giveUp, bounds.httpBodyUndisturbedMs)
  stopping.addEventListener("abort", giveUp)
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      passingBytes.count(read.value.length)
    }
  } catch {
    // The client went away.
  } finally {
    clearTimeout(timer)
    stopping.removeEventListener("abort", giveUp)
  }
}

/** So many have come with the head, or as good as. */
const comeWithHeadBytes = 64 * 1024
