import type { Scene } from "../scene.ts"
import { whileMoving } from "../while-moving.ts"

const standstillMs = 30_000

/**
 * Does something to the queues while nothing is in them: what would be lost with a queue that is
 * deleted would be nobody's fault.
 */
export async function whileDrained(scene: Scene, work: () => Promise<void>): Promise<void> {
  for (const producer of scene.producers) producer.pause()
  try {
    const isDrained = () => scene.isDrained
    if (!(await whileMoving(isDrained, () => scene.arrived, standstillMs))) {
      throw new Error(`the queues were to drain; nothing has arrived for ${standstillMs} ms`)
    }
    await work()
  } finally {
    for (const producer of scene.producers) producer.resume()
  }
}
