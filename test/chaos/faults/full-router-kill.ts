import { boundedGroup } from "../chaos-topic.ts"
import { type Fault, lasting } from "./fault.ts"

/**
 * The consumers of a group stand still until its queues refuse and the router that reads the source
 * has all in flight that it may. Then the routers die: what was acked too early would be lost.
 */
export const fullRouterKill: Fault = {
  kind: "routers killed with a queue full",
  isTelling: true,
  async inject({ groups, routers }, random) {
    const { consumers } = groups.find(({ name }) => name === boundedGroup)!
    for (const consumer of consumers) consumer.pause()
    try {
      await lasting(random, 2_500, 4_000)
      await Promise.all(routers.map((router) => router.kill()))
    } finally {
      for (const consumer of consumers) consumer.resume()
    }
    await Promise.all(routers.map((router) => router.start()))
  },
}
