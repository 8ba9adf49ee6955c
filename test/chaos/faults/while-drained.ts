import type { Scene } from "../scene.ts"

const standstillMs = 30_000
const checkIntervalMs = 20

/**
 * Does something to the queues while nothing is in them: what would be lost with a queue that is
 * deleted would be nobody's fault.
 */
export async function whileDrained(scene: Scene, work: () => Promise<void>): Promise<void> {
  for (const producer of scene.producers) producer.pause()
  try {
    await drained(scene)
    await work()
  } finally {
    for (const producer of scene.producers) producer.resume()
  }
}

/** However long it takes, as long as something arrives now and then. */
async function drained(scene: Scene): Promise<void> {
  let arrived = scene.arrived
  let sinceMs = performance.now()
  while (!scene.isDrained) {
    if (performance.now() - sinceMs > standstillMs) {
      throw new Error(`the queues were to drain; nothing has arrived for ${standstillMs} ms`)
    }
    await Bun.sleep(checkIntervalMs)
    if (scene.arrived !== arrived) sinceMs = performance.now()
    arrived = scene.arrived
  }
}
