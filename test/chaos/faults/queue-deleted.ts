import { connect } from "../../support/raw-client.ts"
import { until } from "../../support/until.ts"
import type { Fault } from "./fault.ts"

const settleTimeoutMs = 30_000

/**
 * A partition queue is deleted by its operator, who makes sure first that nothing is in it: what
 * would be lost with it would be nobody's fault.
 */
export const queueDeleted: Fault = {
  kind: "queue deleted",
  async inject(scene, random) {
    for (const producer of scene.producers) producer.pause()
    try {
      await until(() => scene.isDrained, {
        what: "the queues to drain",
        timeoutMs: settleTimeoutMs,
      })
      const connection = await connect(scene.account.url)
      const channel = await connection.plainChannel()
      await channel.queueDelete(random.pick(random.pick(scene.groups).queues))
      await connection.shut(1_000)
    } finally {
      for (const producer of scene.producers) producer.resume()
    }
    await until(() => scene.isConsuming, {
      what: "the deleted queue to be declared again",
      timeoutMs: settleTimeoutMs,
    })
    scene.declaredMs = performance.now()
  },
}
