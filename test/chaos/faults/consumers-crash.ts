import { type Fault, lasting } from "./fault.ts"

export const consumersCrash: Fault = {
  kind: "consumers crash",
  async inject({ groups }, random) {
    const times = 1 + random.integer(4)
    for (let i = 0; i < times; i++) {
      random.pick(random.pick(groups).consumers).crash()
      await lasting(random, 50, 500)
    }
  },
}
