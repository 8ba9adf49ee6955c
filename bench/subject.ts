import type { BenchVhost } from "./bench-vhost.ts"
import type { Workload } from "./workload.ts"

/** One way to bring messages into partition queues. */
export interface Subject {
  readonly name: string
  /** Why it cannot take part with this broker; absent when it can. */
  missing?(vhost: BenchVhost): Promise<string | undefined>
  /** Makes everything ready: queues, processes, a backlog, the messages of the warm-up. */
  prepare(vhost: BenchVhost, workload: Workload): Promise<Contender>
}

/** A subject that waits for its start. */
export interface Contender {
  /** The process whose cost it is: the router, or who publishes where there is none. */
  readonly pid: number
  /** The process that sends to it, where that is another one. */
  readonly senderPid?: number
  /** The partition queues of each group. */
  readonly queues: readonly (readonly string[])[]
  /** The partition that a key has to be in; absent where only the broker knows. */
  readonly partitionOf?: (key: string) => number
  /**
   * Brings the messages in. `started` is called when the measured ones begin and told how many are
   * still to come; it is over once the broker has taken the last.
   */
  run(started: (messages: number) => void): Promise<void>
  stop(): Promise<void>
}
