import type { Router } from "../../src/router.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { until } from "./until.ts"

/**
 * Publishes numbered messages of one key for as long as it is let, as HTTP producers would: some at
 * once, each again until it is accepted, none ahead of one before it that was not.
 */
export class KeyFlow {
  readonly key: string
  readonly #router: Router
  readonly #topic: string
  readonly #width: number
  #isStopping = false
  #ended = Promise.resolve()
  /** Numbers up to this one are accepted. */
  accepted = 0

  private constructor(router: Router, topic: string, key: string, width: number) {
    this.#router = router
    this.#topic = topic
    this.key = key
    this.#width = width
  }

  /**
   * @param width how many are on their way at once
   * @param accepted where an earlier flow of the key left off
   */
  static start(router: Router, topic: string, key: string, width = 1, accepted = 0): KeyFlow {
    const flow = new KeyFlow(router, topic, key, width)
    flow.accepted = accepted
    flow.#ended = flow.#run()
    return flow
  }

  /** Waits until so many more are accepted. */
  async more(count: number, timeoutMs = 10_000): Promise<void> {
    const wanted = this.accepted + count
    const what = () => `message ${wanted} of "${this.key}" to be accepted, ${this.accepted} are`
    await until(() => this.accepted >= wanted, { what, timeoutMs })
  }

  /** Resolves once what was begun is accepted. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#ended
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      const numbers = Array.from({ length: this.#width }, (_, at) => this.accepted + at + 1)
      const outcomes = await Promise.all(numbers.map((number) => this.#publish(number)))
      const failed = outcomes.indexOf(false)
      this.accepted += failed === -1 ? outcomes.length : failed
      // A turn of the event loop at least, for what others do; longer where trying again is no use.
      await Bun.sleep(failed === -1 ? 0 : 10)
    }
  }

  async #publish(number: number): Promise<boolean> {
    const message = keyed(this.key, String(number))
    return (await this.#router.publish(this.#topic, message)).kind === "accepted"
  }
}

const encoder = new TextEncoder()

/** A message whose key is in its header `k`. */
export const keyed = (key: string, body: string) => ({
  properties: encodeProperties({ deliveryMode: 2, headers: [["k", key]] }),
  body: encoder.encode(body),
})

/** For each partition of a topic's only group a key that goes there. */
export function keyOfEach(router: Router, topic: string, partitions: number): string[] {
  const keys = new Map<number, string>()
  for (let n = 0; keys.size < partitions; n++) {
    const decision = router.explain(topic, keyed(`key-${n}`, ""))
    if (decision.kind === "routed") keys.set(decision.placements[0]!.partition, `key-${n}`)
  }
  return Array.from({ length: partitions }, (_, at) => keys.get(at)!)
}
