import { createAdmission } from "../../core/admission.ts"
import { bounds } from "../../core/bounds.ts"
import type { HttpDeps } from "../deps.ts"
import type { Route } from "../route.ts"
import type { PullDeps } from "./pull-deps.ts"
import { createReceipts } from "./receipts.ts"
import { receiptsRoute } from "./receipts-route.ts"
import { receiveRoute } from "./receive-route.ts"
import { simpleQueueRoutes } from "./simple-queue-routes.ts"

/**
 * For consumers that pull: they receive messages, and ack them, give them back or keep them for longer.
 *
 * @param messages publishes a message, or a batch, to the topic that its parameters name
 */
export function pullRoutes(deps: HttpDeps, messages: Route): readonly Route[] {
  const bodies = createAdmission(bounds.pullRequestsMax, bounds.pullRequestBytesMax, deps.now)
  const pullDeps: PullDeps = { ...deps, bodies, receipts: createReceipts() }
  return [
    receiveRoute(pullDeps),
    receiptsRoute(pullDeps, "ack"),
    receiptsRoute(pullDeps, "nack"),
    receiptsRoute(pullDeps, "extend"),
    ...simpleQueueRoutes(pullDeps, messages),
  ]
}
