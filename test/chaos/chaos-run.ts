import { randomFrom } from "../support/seed.ts"
import { FaultLog } from "./fault-log.ts"
import { allFaults } from "./faults/all-faults.ts"
import type { Fault } from "./faults/fault.ts"
import { type ChaosReport, reportOn } from "./report.ts"
import { Scene } from "./scene.ts"
import { whileMoving } from "./while-moving.ts"

export interface ChaosOptions {
  readonly seed: number
  /** How long faults are injected; setting the scene and settling take their time on top. */
  readonly minutes: number
  readonly replicas: number
  /** The kinds to take faults from. @default all */
  readonly faults?: readonly Fault[]
  /** Called every few seconds. */
  readonly onProgress?: (line: string) => void
}

const pauseMsMax = 2_000
/** How often a fault of the network comes on top of another one. */
const doubledShare = 0.3
const standstillMs = 60_000
const progressIntervalMs = 3_000

/** One run, from a seed: load and faults, then peace until everything has arrived, then judgement. */
export class ChaosRun {
  readonly #options: ChaosOptions
  readonly #faults = new FaultLog()
  readonly #startedMs = performance.now()
  #scene: Promise<Scene> | undefined
  #isStopped = false

  constructor(options: ChaosOptions) {
    this.#options = options
  }

  async run(): Promise<ChaosReport> {
    const { seed, replicas, minutes, onProgress = () => {} } = this.#options
    this.#scene = Scene.set({ seed, replicas })
    const scene = await this.#scene
    const timer = setInterval(() => onProgress(this.#progress(scene)), progressIntervalMs)
    const loadStartedMs = performance.now()
    try {
      await this.#injectFaults(scene)
      const loadMs = performance.now() - loadStartedMs
      await this.#settle(scene)
      for (const router of scene.routers) await router.kill()
      const report = reportOn({ scene, faults: this.#faults, seed, minutes, loadMs })
      scene.keepsLogs = report.violations.length > 0
      if (scene.keepsLogs) onProgress(`the routers' logs are in ${scene.folder}`)
      return report
    } finally {
      clearInterval(timer)
      await this.stop()
    }
  }

  /** Ends everything that was started. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await (await this.#scene?.catch(() => undefined))?.dispose()
  }

  /** All kinds take turns, in an order that the seed decides, but for the first round's beginning. */
  async #injectFaults(scene: Scene): Promise<void> {
    const { seed, minutes, faults = allFaults } = this.#options
    const random = randomFrom(seed)
    const endMs = performance.now() + minutes * 60_000
    const ofNetwork = allFaults.filter(({ isOfNetwork }) => isOfNetwork)
    const telling = faults.filter(({ isTelling }) => isTelling)
    const others = faults.filter(({ isTelling }) => !isTelling)
    let bag: readonly Fault[] = [...random.shuffle(telling), ...random.shuffle(others)]
    while (!this.#isStopped) {
      await Bun.sleep(random.next() * pauseMsMax)
      if (performance.now() >= endMs) return
      if (bag.length === 0) bag = random.shuffle(faults)
      const [fault, ...rest] = bag
      bag = rest
      const isDoubled = random.next() < doubledShare && !fault!.isOfNetwork && !fault!.isAlone
      const together = isDoubled ? [fault!, random.pick(ofNetwork)] : [fault!]
      await Promise.all(
        together.map((each) => {
          const own = randomFrom(random.integer(2 ** 31))
          return this.#faults.note(each, each.inject(scene, own))
        }),
      )
    }
  }

  /** Until everything has arrived, or nothing has for a minute. */
  async #settle(scene: Scene): Promise<void> {
    scene.proxy.weather.clear()
    for (const producer of scene.producers) producer.pause()
    const isOver = () => this.#isStopped || scene.isComplete
    await whileMoving(isOver, () => JSON.stringify(counts(scene)), standstillMs)
  }

  #progress(scene: Scene): string {
    const seconds = Math.round((performance.now() - this.#startedMs) / 1_000)
    const { confirmed, delivered, open } = counts(scene)
    const now = this.#faults.current.join(" + ") || "peace"
    return (
      `${seconds} s: ${confirmed} confirmed, ${open} open, ${delivered.join(" / ")} delivered, ` +
      `${this.#faults.total} faults; now: ${now}`
    )
  }
}

const counts = (scene: Scene) => ({
  confirmed: scene.ledger.confirmed.length,
  open: scene.producers.reduce((sum, { open }) => sum + open, 0),
  delivered: scene.groups.map(({ watch }) => watch.distinct),
})
