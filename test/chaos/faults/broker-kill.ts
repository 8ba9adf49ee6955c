import { declarationSafe } from "./declaration-safe.ts"
import { type Fault, lasting } from "./fault.ts"

export const brokerKill: Fault = {
  kind: "broker killed",
  async inject(scene, random) {
    await declarationSafe(scene)
    await scene.broker.kill9()
    await lasting(random, 0, 2_000)
    await scene.broker.restart()
  },
}
