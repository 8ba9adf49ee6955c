import type { Connection } from "../broker/connection.ts"
import type { ReaderEnd } from "../broker/queue-reader.ts"
import type { FenceReason } from "./consumer-events.ts"
import type { Assignment, MembersApi } from "./members-api.ts"
import type { Subscription } from "./subscription.ts"

/** What a membership is made of. */
export interface SessionOptions {
  readonly connection: Connection
  readonly api: MembersApi
  /** The first assignment, of the join. */
  readonly assignment: Assignment
  /** A round trip to the broker on that connection. */
  readonly askBroker: () => Promise<unknown>
  readonly mayStartAgain: () => void
  readonly subscribe: (
    partition: number,
    queue: string,
    ended: (reason: string, end: ReaderEnd) => void,
  ) => Subscription
  readonly subscribed: (subscription: Subscription) => void
  /** Its channel is closed, or its connection lost; nothing of it runs any more. */
  readonly unsubscribed: (subscription: Subscription, isHandedBack: boolean) => void
  readonly assigned: (assignment: Assignment) => Promise<void>
  readonly fenced: (reason: FenceReason, detail: string) => void
  readonly trouble: (detail: string) => void
  /** The same, of which an error tells. */
  readonly troubled: (error: unknown) => void
}
