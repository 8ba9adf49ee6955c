import type { ClientsConfig } from "../../config/config.ts"
import { bounds } from "../../core/bounds.ts"
import type { ClientsRules } from "../../core/clients/clients-state.ts"
import { sticky } from "../../core/group/sticky.ts"

/** What a group's configuration says of its clients. */
export function clientsRules(config: ClientsConfig): ClientsRules {
  return {
    assignor: sticky,
    expiryMs: config.heartbeatExpiryMs,
    initialDelayMs: config.initialDelayMs,
    initialDelayMaxMs: config.initialDelayMaxMs,
    returnMs: config.returnDelayMs,
    onHandOverTimeout: config.onHandOverTimeout,
    handOverTimeoutMs: config.handOverTimeoutMs,
    stuckMs: bounds.clientStuckMs,
  }
}
