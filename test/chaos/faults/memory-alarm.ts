import { type Fault, lasting } from "./fault.ts"

const setWatermark = "set_vm_memory_high_watermark"

export const memoryAlarm: Fault = {
  kind: "memory alarm",
  async inject({ broker }, random) {
    await broker.ctl(setWatermark, "0.00000001")
    await lasting(random, 500, 4_000)
    await broker.ctl(setWatermark, "0.6")
  },
}
