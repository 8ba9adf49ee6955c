import * as v from "valibot"

/** What is wrong with a body or a query, as people would say it. */
export function formFault(issue: v.BaseIssue<unknown>): string {
  const member = v.getDotPath(issue)
  const { message, received } = issue
  const isOwn = !message.startsWith("Invalid ")
  if (member === null) return isOwn ? `the body: ${message}` : "the body is not a JSON object"
  if (issue.expected === "never") return `${member} is not a known member`
  if (message.startsWith("Invalid key: ")) return `${member} is missing`
  if (isOwn) return `${member} has to be ${message}`
  const found = message.startsWith("Invalid length: ") ? "has the length" : "is"
  return `${member} ${found} ${received}; allowed: ${issue.expected}`
}
