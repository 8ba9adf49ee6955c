import { deadLetterQueue } from "../../../src/core/generation.ts"
import { sourceQueue, topic } from "../chaos-topic.ts"
import { declarationSafe } from "./declaration-safe.ts"
import type { Fault } from "./fault.ts"

/**
 * The process of one queue dies inside the broker, which starts it again. What was confirmed is
 * stored; a classic queue may deliver what was acked a moment before once more.
 */
export const queueCrash: Fault = {
  kind: "queue crashes in the broker",
  async inject(scene, random) {
    await declarationSafe(scene)
    const partitionQueue = random.pick(random.pick(scene.groups).queues)
    const queue = random.pick([partitionQueue, partitionQueue, sourceQueue, deadLetterQueue(topic)])
    const program = `
      {ok, Queue} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"${queue}">>)),
      case amqqueue:get_pid(Queue) of
        {Name, _} -> exit(whereis(Name), kill);
        Process -> exit(Process, kill)
      end.`
    await scene.broker.ctl("eval", program)
  },
}
