import { type Fault, lasting } from "./fault.ts"

const setLimit = "set_disk_free_limit"

export const diskAlarm: Fault = {
  kind: "disk alarm",
  async inject({ broker }, random) {
    await broker.ctl(setLimit, "1000000GB")
    await lasting(random, 500, 4_000)
    await broker.ctl(setLimit, "50MB")
  },
}
