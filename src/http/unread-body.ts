import { problem, problemResponse } from "./problem.ts"
import type { BodyRead } from "./read-body.ts"

/** The answer to a request whose body was not read to its end. */
export function unreadBodyResponse(
  kind: Exclude<BodyRead["kind"], "body">,
  bytesMax: number,
): Response {
  switch (kind) {
    case "too_large":
      return problemResponse(
        problem("body_too_large", `the body is over ${bytesMax} bytes, which is the most allowed`),
        closing,
      )
    case "overloaded":
      return problemResponse(
        problem(
          "overloaded",
          "too many messages or bytes are in flight; nothing came of the request",
        ),
      )
    case "timeout":
      return problemResponse(
        problem(
          "body_read_timeout",
          "the body did not arrive in time; nothing came of the request",
        ),
        closing,
      )
    case "aborted":
      return problemResponse(
        problem("shutting_down", "PartyMQ is shutting down; nothing came of the request"),
        closing,
      )
    case "incomplete":
      return problemResponse(
        problem(
          "body_incomplete",
          "the body ended before it was complete; nothing came of the request",
        ),
        closing,
      )
  }
}

/** The rest of such a body is not worth receiving. */
const closing = { headers: { connection: "close" } }
