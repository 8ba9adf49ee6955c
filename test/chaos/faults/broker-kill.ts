import { type Fault, lasting } from "./fault.ts"

/**
 * RabbitMQ 3.10.8 loses a quorum queue's membership when it is killed within about a second of the
 * declaration: the queue is there afterwards and never answers. Nothing tells when that is over.
 */
const declarationSafeMs = 3_000

export const brokerKill: Fault = {
  kind: "broker killed",
  async inject(scene, random) {
    await Bun.sleep(Math.max(0, scene.declaredMs + declarationSafeMs - performance.now()))
    await scene.broker.kill9()
    await lasting(random, 0, 2_000)
    await scene.broker.restart()
  },
}
