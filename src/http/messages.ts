import type { Place } from "../core/admission.ts"
import { AnnouncedBodies } from "./announced-bodies.ts"
import { announcedLength } from "./announced-length.ts"
import { batchFormat } from "./batch/batch-format.ts"
import { createBatchServer } from "./batch/serve-batch.ts"
import type { HttpDeps } from "./deps.ts"
import { headerFields } from "./header-fields.ts"
import { type MessageHead, messageHead } from "./message-head.ts"
import { messagesOperation } from "./messages-operation.ts"
import { outcomeResponse, unavailableResponse } from "./outcome-response.ts"
import { problemResponse } from "./problem.ts"
import { type BodyRead, readBody } from "./read-body.ts"
import { stoppingProblem } from "./readiness-problem.ts"
import type { Route } from "./route.ts"
import { unknownTopic } from "./unknown-topic.ts"
import { unreadBodyResponse } from "./unread-body.ts"

/**
 * `POST /v1/topics/{topic}/messages`: the body is the message, verbatim, or a batch of messages. For a
 * single one:
 *
 * 1. Whatever can be refused by the head of the request is, before a byte of the body is read.
 * 2. The message takes its place among those in flight; its bytes are counted as they are read or, where
 *    they are few and announced, before that.
 * 3. It is published, and answered once the router says what became of it, which it does in bounded
 *    time. The place is given back once the router holds nothing of it any more.
 */
export function messagesRoute(deps: HttpDeps): Route {
  const { router, admission } = deps
  const { bodyBytesMax, inFlightBytesMax, inFlightMessagesMax } = router.config.http
  const smallBytesMax = Math.min(bodyBytesMax, Math.floor(inFlightBytesMax / inFlightMessagesMax))
  const announcedBodies = new AnnouncedBodies(deps.bodyReadTimeoutMs, deps.stopping)
  const serveBatch = createBatchServer(deps)

  async function serve(request: Request, { topic = "" }: Readonly<Record<string, string>>) {
    const fields = headerFields(request.headers)
    const announcedBytes = announcedLength(fields["content-length"])
    const refusal = unknownTopic(router.config, topic) ?? stoppingProblem(deps)
    if (refusal !== undefined) return problemResponse(refusal)
    const away = router.unavailable()
    if (away !== undefined) return unavailableResponse(away)
    const format = batchFormat(fields["content-type"])
    if (format !== undefined) return serveBatch(request, topic, format)
    if (announcedBytes > bodyBytesMax) return unreadBodyResponse("too_large", bodyBytesMax)
    const head = messageHead(fields, deps.newId)
    if (head.kind === "invalid") return problemResponse(head.problem)
    const place = admission.enter(announcedBytes)
    if (!place?.grow(head.properties.length)) {
      place?.leave()
      return unreadBodyResponse("overloaded", bodyBytesMax)
    }
    const isSmall = announcedBytes > 0 && announcedBytes <= smallBytesMax
    const reading =
      isSmall && fields["transfer-encoding"] === undefined
        ? announcedBodies.read(request, announcedBytes, place)
        : readBody(request.body, {
            bytesMax: bodyBytesMax,
            timeoutMs: deps.bodyReadTimeoutMs,
            signal: deps.stopping,
            place,
          })
    return serveAdmitted(reading, topic, head, place)
  }

  async function serveAdmitted(
    reading: Promise<BodyRead>,
    topic: string,
    head: MessageHead,
    place: Place,
  ) {
    const read = await reading
    if (read.kind !== "body") {
      place.leave()
      return unreadBodyResponse(read.kind, bodyBytesMax)
    }
    const { properties, key } = head
    const message = { properties, body: read.body, ...(key === undefined ? {} : { key }) }
    // An answer that the outcome is unknown gives nothing back yet: the message is still held.
    const outcome = await router.publish(topic, message, { released: place.leave })
    return outcomeResponse(outcome, topic, head.id)
  }

  return {
    method: "POST",
    path: "/v1/topics/:topic/messages",
    operation: messagesOperation,
    serve,
  }
}
