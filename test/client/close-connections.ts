import { management } from "../support/management.ts"
import { until } from "../support/until.ts"
import type { Vhost } from "../support/vhost.ts"

interface Listed {
  readonly name: string
  readonly client_properties: { readonly connection_name?: string }
}

/** Closes the connection of a consumer, as an operator would, or PartyMQ. */
export async function closeConnections(vhost: Vhost, memberId: string): Promise<void> {
  for (const name of await connectionsOf(vhost, memberId)) await closeConnection(name)
}

/** The broker's names for a consumer's connections, once it lists some. */
export async function connectionsOf(vhost: Vhost, memberId: string): Promise<readonly string[]> {
  const listed = async () => {
    const all = await management<Listed[]>("GET", `/api/vhosts/${vhost.name}/connections`)
    const own = all.filter((each) => each.client_properties.connection_name?.endsWith(memberId))
    return own.length > 0 ? own.map(({ name }) => name) : undefined
  }
  return await until(listed, { what: `the connection of "${memberId}"`, timeoutMs: 20_000 })
}

export const closeConnection = (name: string): Promise<unknown> =>
  management("DELETE", `/api/connections/${encodeURIComponent(name)}`)
