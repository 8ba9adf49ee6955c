import * as v from "valibot"
import { receiptResultsSchema, receivedSchema } from "../../src/http/pull/pull-schemas.ts"

export type PulledMessage = v.InferOutput<typeof receivedSchema>["messages"][number]

export interface ReceiveInput {
  readonly consumer?: string
  readonly max?: number
  readonly waitMs?: number
  readonly visibilityTimeoutMs?: number
}

/** A consumer that pulls from one group over HTTP, as anybody's would. */
export class PullClient {
  readonly #base: string

  constructor(serverUrl: string, topic: string, group: string) {
    this.#base = `${serverUrl}/v1/topics/${topic}/groups/${group}`
  }

  /** Any request, and its answer as it is. */
  ask(what: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    return fetch(`${this.#base}/${what}`, {
      method: "POST",
      body: JSON.stringify(body),
      ...(signal && { signal }),
    })
  }

  /** @throws when the answer is not 200 */
  async receive(input: ReceiveInput = {}): Promise<readonly PulledMessage[]> {
    const response = await this.ask("receive", { consumer: "c", waitMs: 10_000, ...input })
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
    return v.parse(receivedSchema, await response.json()).messages
  }

  /** Receives until there are so many, or nothing more comes in time. */
  async receiveAll(count: number, input: ReceiveInput = {}): Promise<PulledMessage[]> {
    const all: PulledMessage[] = []
    while (all.length < count) {
      const more = await this.receive({ max: count - all.length, ...input })
      if (more.length === 0) break
      all.push(...more)
    }
    return all
  }

  /** Answers the status, and those of the single receipts where there are any. */
  async settle(
    verb: "ack" | "nack" | "extend",
    messages: readonly Pick<PulledMessage, "receipt">[],
    more: object = {},
  ): Promise<{ readonly status: number; readonly each: readonly number[] }> {
    const receipts = messages.map(({ receipt }) => receipt)
    const response = await this.ask(verb, { receipts, ...more })
    const answer = await response.json()
    if (response.status !== 200 && response.status !== 207) {
      return { status: response.status, each: [] }
    }
    const { results } = v.parse(receiptResultsSchema, answer)
    return { status: response.status, each: results.map(({ status }) => status) }
  }
}
