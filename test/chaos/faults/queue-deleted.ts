import { connect } from "../../support/raw-client.ts"
import { declaredAgain } from "./declared-again.ts"
import type { Fault } from "./fault.ts"
import { whileDrained } from "./while-drained.ts"

/** A partition queue is deleted by its operator, who makes sure first that nothing is in it. */
export const queueDeleted: Fault = {
  kind: "queue deleted",
  async inject(scene, random) {
    await whileDrained(scene, async () => {
      const connection = await connect(scene.account.url)
      const channel = await connection.plainChannel()
      await channel.queueDelete(random.pick(random.pick(scene.groups).queues))
      await connection.shut(1_000)
    })
    await declaredAgain(scene)
  },
}
