/** What a member's process says of itself, a line of JSON each; it waits until each was heard. */
export type Said =
  | { readonly kind: "hello"; readonly member: string }
  | {
      readonly kind: "started"
      readonly group: string
      readonly key: string
      readonly revision: number
      readonly partition: number
      /** When the handler began, as all processes of the machine count: milliseconds since 1970. */
      readonly begunMs: number
    }
  | {
      readonly kind: "ended"
      readonly group: string
      readonly key: string
      readonly revision: number
      readonly partition: number
      readonly isAborted: boolean
    }
  | { readonly kind: "joined"; readonly group: string }
  | { readonly kind: "fenced"; readonly group: string; readonly reason: string }
  | { readonly kind: "deadLettered"; readonly group: string; readonly detail: string }

/** How a member's process is told what to do, by its only argument. */
export interface MemberOrders {
  readonly amqpUrl: string
  readonly httpUrl: string
  readonly topic: string
  /** It is a member of each. */
  readonly groups: readonly string[]
  readonly member: string
  /** Where to say what it does, on loopback. */
  readonly oraclePort: number
  readonly seed: number
  readonly handlerMsMax: number
  readonly heartbeatSeconds: number
}
