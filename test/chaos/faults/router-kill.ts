import { type Fault, lasting } from "./fault.ts"

export const routerKill: Fault = {
  kind: "router killed",
  async inject({ routers }, random) {
    const router = random.pick(routers)
    await router.kill()
    await lasting(random, 0, 2_000)
    await router.start()
  },
}
