import type { Random } from "../support/seed.ts"
import { type ChaosEvent, makeEvent } from "./chaos-event.ts"
import { type Dress, dresses } from "./dress.ts"

const poisonShare = 0.02
const dressedShare = 0.02

export interface EventMakerOptions {
  /** Of the producer that owns the keys. */
  readonly name: string
  readonly keys: number
  /** Events of one key that may be unconfirmed at once. */
  readonly perKeyMax: number
  /** Some are dressed, which only AMQP can carry. */
  readonly isDressing: boolean
  readonly random: Random
}

/** Makes up the events of one producer: revisions count 1, 2, 3, … within each of its keys. */
export class EventMaker {
  readonly #options: EventMakerOptions
  readonly #revisions = new Map<string, number>()
  readonly #open = new Map<string, number>()
  #poison = 0

  constructor(options: EventMakerOptions) {
    this.#options = options
  }

  /** The next event; `undefined` when the key that was drawn has to wait for a confirm. */
  next(): ChaosEvent | undefined {
    const { name, keys, perKeyMax, random } = this.#options
    const dress = this.#dress()
    if (random.next() < poisonShare) {
      const place = random.pick(["missing", "broken"] as const)
      return makeEvent(place, name, ++this.#poison, random, { dress })
    }
    // Squared: some keys come far more often than others.
    const rank = Math.floor(keys * random.next() ** 2)
    const place = rank % 2 === 0 ? "header" : "body"
    const keyName = `${name}.${rank}`
    const key = `${place}:${keyName}`
    const open = this.#open.get(key) ?? 0
    if (open >= perKeyMax) return undefined
    const revision = (this.#revisions.get(key) ?? 0) + 1
    this.#revisions.set(key, revision)
    this.#open.set(key, open + 1)
    return makeEvent(place, keyName, revision, random, { dress })
  }

  #dress(): Dress | undefined {
    const { isDressing, random } = this.#options
    return isDressing && random.next() < dressedShare ? random.pick(dresses) : undefined
  }

  settled({ key, isPoison }: ChaosEvent): void {
    if (!isPoison) this.#open.set(key, this.#open.get(key)! - 1)
  }
}
