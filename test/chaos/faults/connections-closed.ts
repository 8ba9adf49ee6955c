import { until } from "../../support/until.ts"
import type { Fault } from "./fault.ts"

interface Connection {
  readonly name: string
  readonly user_provided_name?: string
}

/** By the broker's operator; the management API has no way to close a single channel. */
export const connectionsClosed: Fault = {
  kind: "connections closed by the operator",
  async inject({ account }, random) {
    const path = "/api/connections?columns=name,user_provided_name"
    const isRouters = (each: Connection) => each.user_provided_name?.startsWith("partymq ") ?? false
    const found = await until(
      async () => {
        const routers = (await account.ask<Connection[]>("GET", path)).filter(isRouters)
        return routers.length > 0 ? routers : undefined
      },
      { what: "the broker to list a connection of a router", timeoutMs: 20_000 },
    )
    const count = 1 + random.integer(found.length)
    for (const { name } of random.shuffle(found).slice(0, count)) {
      // It may be gone by now.
      await account.ask("DELETE", `/api/connections/${encodeURIComponent(name)}`).catch(() => {})
    }
  },
}
