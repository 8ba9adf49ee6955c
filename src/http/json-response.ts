/** One for all answers, which get a copy: to make it anew costs as much as all else about an answer. */
const jsonHeaders = new Headers({
  "content-type": "application/json",
  "cache-control": "no-store",
})

/** A success as JSON. Never cached: everything it can say is true only at the moment. */
export function jsonResponse(body: object, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: jsonHeaders })
}
