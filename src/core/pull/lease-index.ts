import type { Held } from "./held.ts"

/** The leases that there are, by number and by consumer; and the numbers of those that were lost. */
export class LeaseIndex<Message> {
  readonly #byNumber = new Map<number, Held<Message>>()
  readonly #byConsumer = new Map<string, Set<Held<Message>>>()
  #lost = 0
  #last = 0

  /** Leases, without those that are lost. */
  get size(): number {
    return this.#byNumber.size - this.#lost
  }

  /** The message that is leased, or lost, under that number. */
  get(number: number): Held<Message> | undefined {
    return this.#byNumber.get(number)
  }

  /** What is leased to a consumer, oldest first. */
  of(consumer: string): readonly Held<Message>[] {
    return [...(this.#byConsumer.get(consumer) ?? [])]
  }

  /** Begins a lease, under a number that there has not been. */
  begin(held: Held<Message>, consumer: string): void {
    this.#last += 1
    held.lease = this.#last
    held.consumer = consumer
    this.#byNumber.set(held.lease, held)
    const own = this.#byConsumer.get(consumer)
    if (own === undefined) this.#byConsumer.set(consumer, new Set([held]))
    else own.add(held)
  }

  end(held: Held<Message>): void {
    this.#byNumber.delete(held.lease)
    this.#leaveConsumer(held)
  }

  /** It is nobody's lease any more, and its number is remembered, until `forget`. */
  lose(held: Held<Message>): void {
    this.#lost += 1
    this.#leaveConsumer(held)
  }

  forget(held: Held<Message>): void {
    this.#lost -= 1
    this.#byNumber.delete(held.lease)
  }

  #leaveConsumer(held: Held<Message>): void {
    const own = this.#byConsumer.get(held.consumer)
    own?.delete(held)
    if (own?.size === 0) this.#byConsumer.delete(held.consumer)
  }
}
