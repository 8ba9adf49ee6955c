import { type Fault, lasting } from "./fault.ts"

/** Longer than the heartbeats allow, so that the broker gives its messages away meanwhile. */
export const routerSuspended: Fault = {
  kind: "router suspended",
  async inject({ routers }, random) {
    const router = random.pick(routers)
    router.suspend()
    await lasting(random, 4_500, 7_000)
    router.wake()
  },
}
