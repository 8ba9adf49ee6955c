import { isQueueMissing } from "../broker/queue-reader.ts"

/** Queues that were lost, or could not be consumed when that was last tried. */
export class GoneQueues {
  /** By queue, whether it is not there at all. */
  readonly #queues = new Map<string, boolean>()

  has(queue: string): boolean {
    return this.#queues.has(queue)
  }

  /** It is not there, as far as is known: no other member could consume it either. */
  isMissing(queue: string): boolean {
    return this.#queues.get(queue) === true
  }

  /** Partitions whose queue is. */
  missingOf(queues: ReadonlyMap<number, string>): readonly number[] {
    return [...queues].filter(([, queue]) => this.isMissing(queue)).map(([each]) => each)
  }

  deleted(queue: string): void {
    this.#queues.set(queue, true)
  }

  failed(queue: string, error: unknown): void {
    this.#queues.set(queue, isQueueMissing(error))
  }

  consumed(queue: string): void {
    this.#queues.delete(queue)
  }
}
