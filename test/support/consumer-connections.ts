import { management } from "./management.ts"
import { until } from "./until.ts"
import type { Vhost } from "./vhost.ts"

interface Listed {
  /** The broker's own. */
  readonly name: string
  readonly client_properties: { readonly connection_name?: string }
}

/** Closes the connections of a consumer, as an operator would, or PartyMQ. */
export async function closeConnections(vhost: Vhost, memberId: string): Promise<void> {
  for (const name of await connectionsOf(vhost, memberId)) await closeConnection(name)
}

/** The broker's names for a consumer's connections, once it lists some. */
export async function connectionsOf(vhost: Vhost, memberId: string): Promise<readonly string[]> {
  const listed = async () => {
    const own = await listedConnections(vhost, memberId)
    return own.length > 0 ? own.map(({ name }) => name) : undefined
  }
  return await until(listed, { what: `the connection of "${memberId}"`, timeoutMs: 20_000 })
}

/** Those that the broker lists by now, which takes it seconds, with what the consumer calls them. */
export async function listedConnections(
  vhost: Vhost,
  memberId: string,
): Promise<readonly { readonly name: string; readonly calledByIt: string }[]> {
  const all = await management<Listed[]>("GET", `/api/vhosts/${vhost.name}/connections`)
  return all.flatMap(({ name, client_properties: { connection_name: calledByIt = "" } }) =>
    calledByIt.endsWith(` ${memberId}`) ? [{ name, calledByIt }] : [],
  )
}

/** Its channels are gone, and what they had is another's, when this resolves. */
export const closeConnection = (name: string): Promise<unknown> =>
  management("DELETE", `/api/connections/${encodeURIComponent(name)}`)
