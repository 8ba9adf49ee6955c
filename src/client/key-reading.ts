import type { KeyRule } from "../core/key-rule.ts"
import type { KeyExtractor } from "../plugin/contract.ts"
import { keyReader, type ReadKeys } from "./message-keys.ts"

/** How keys are told at the moment, which may change with what PartyMQ says. */
export class KeyReading {
  readonly #own: KeyExtractor | undefined
  #learnt: string | undefined
  #read: ReadKeys = () => ({ key: undefined, keys: "alone" })

  constructor(own: KeyExtractor | undefined) {
    this.#own = own
  }

  async learn(rule: KeyRule | undefined): Promise<void> {
    const learnt = JSON.stringify(rule ?? null)
    if (learnt === this.#learnt) return
    this.#read = await keyReader(rule, this.#own)
    this.#learnt = learnt
  }

  /**
   * Tells the keys of a partition's messages. The first message after a change runs alone: those behind
   * it may share a key, as it is told now, with those before it.
   */
  reader(): ReadKeys {
    let last: ReadKeys | undefined
    return (message) => {
      const now = this.#read
      const found = now(message)
      const isChanged = last !== undefined && last !== now
      last = now
      return isChanged ? { key: found.key, keys: "alone" } : found
    }
  }
}
