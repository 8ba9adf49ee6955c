import { testBroker } from "./broker.ts"

/**
 * One call of a broker's management API: `management("PUT", "/api/vhosts/x")`. Answers the JSON that
 * came back, `undefined` for none.
 * @throws {Error} when the status is not 2xx
 */
export async function management<Answer = unknown>(
  method: "GET" | "PUT" | "POST" | "DELETE",
  path: string,
  content?: unknown,
  broker?: { readonly url: string; readonly managementUrl: string },
): Promise<Answer> {
  const { url, managementUrl } = broker ?? (await testBroker())
  const { username, password } = new URL(url)
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const answer = await fetch(`${managementUrl}${path}`, {
    method,
    headers: { authorization: `Basic ${btoa(credentials)}`, "content-type": "application/json" },
    ...(content !== undefined && { body: JSON.stringify(content) }),
  })
  const text = await answer.text()
  if (!answer.ok)
    throw new Error(`${method} ${path} of the management API: ${answer.status} ${text}`)
  return (text === "" ? undefined : JSON.parse(text)) as Answer
}
