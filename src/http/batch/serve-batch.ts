import { bounds } from "../../core/bounds.ts"
import type { HttpDeps } from "../deps.ts"
import { type Problem, problem, problemResponse } from "../problem.ts"
import type { BatchFormat } from "./batch-format.ts"
import { createLineRoom } from "./line-room.ts"
import { publishBatch } from "./publish-batch.ts"

type BatchServer = (request: Request, topic: string, format: BatchFormat) => Promise<Response>

/** The server of batches; they share what lines may take of the places in flight. */
export function createBatchServer(deps: HttpDeps): BatchServer {
  const { admission, now, router } = deps
  const { inFlightMessagesMax, inFlightBytesMax } = router.config.http
  const bytesMax = inFlightBytesMax * bounds.batchShare
  const room = createLineRoom({
    admission,
    messagesMax: Math.ceil(inFlightMessagesMax * bounds.batchShare),
    bytesMax,
    now,
  })
  const [resultBytes, waitingBytes] = [{ used: 0 }, { used: 0 }]
  const shares = { room, resultBytes, waitingBytes, waitingBytesMax: bytesMax }

  return async (request, topic, format) => {
    const { headers, body, signal } = request
    const refusal = refusalOf(headers)
    if (refusal !== undefined) return problemResponse(refusal)
    const isMinimal = prefersMinimal.test(headers.get("prefer") ?? "")
    const response = await publishBatch(deps, shares, {
      ...{ topic, format, body, isMinimal, client: signal },
      progressed: () => deps.keepConnection(request),
    })
    if (isMinimal && response.ok) response.headers.set("preference-applied", "return=minimal")
    return response
  }
}

const prefersMinimal = /(^|,)\s*return\s*=\s*"?minimal"?\s*($|[,;])/i

/** What would have to be applied to the whole batch is refused, so that it does not vanish silently. */
function refusalOf(headers: Headers): Problem | undefined {
  const encoding = headers.get("content-encoding") ?? "identity"
  if (encoding.toLowerCase() !== "identity") {
    return problem("unsupported_media_type", "a batch cannot be compressed; send it as it is")
  }
  for (const name of ["partition-key", "message-id"]) {
    if (!headers.has(name)) continue
    const fact = `header "${name}" is for a single message; each line of a batch has its own`
    return problem("invalid_header", fact)
  }
  return undefined
}
