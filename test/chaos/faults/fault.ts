import type { Random } from "../../support/seed.ts"
import type { Scene } from "../scene.ts"

/** Something that goes wrong. Lasts for seconds, and is over when its promise settles. */
export interface Fault {
  readonly kind: string
  /** Only the network's: may come on top of another one. */
  readonly isOfNetwork?: boolean
  /** No fault of the network may come on top of it: it does something to the network itself. */
  readonly isAlone?: boolean
  /** Shows what others hardly do, so that a short run begins with it. */
  readonly isTelling?: boolean
  inject(scene: Scene, random: Random): Promise<void>
}

/** A time between `fromMs` and `toMs`. */
export const lasting = (random: Random, fromMs: number, toMs: number): Promise<void> =>
  Bun.sleep(fromMs + random.next() * (toMs - fromMs))
