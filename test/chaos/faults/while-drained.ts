import { until } from "../../support/until.ts"
import type { Scene } from "../scene.ts"

const drainTimeoutMs = 30_000

/**
 * Does something to the queues while nothing is in them: what would be lost with a queue that is
 * deleted would be nobody's fault.
 */
export async function whileDrained(scene: Scene, work: () => Promise<void>): Promise<void> {
  for (const producer of scene.producers) producer.pause()
  try {
    await until(() => scene.isDrained, {
      what: "the queues to drain",
      timeoutMs: drainTimeoutMs,
    })
    await work()
  } finally {
    for (const producer of scene.producers) producer.resume()
  }
}
