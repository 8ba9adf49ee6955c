import { boundedGroup } from "../chaos-topic.ts"
import { type Fault, lasting } from "./fault.ts"

/** Its consumers stand still until it refuses, and go on again. */
export const queueFull: Fault = {
  kind: "queue full",
  isTelling: true,
  async inject({ groups }, random) {
    const { consumers } = groups.find(({ name }) => name === boundedGroup)!
    for (const consumer of consumers) consumer.pause()
    await lasting(random, 2_000, 6_000)
    for (const consumer of consumers) consumer.resume()
  },
}
