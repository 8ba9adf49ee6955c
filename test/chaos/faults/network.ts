import { until } from "../../support/until.ts"
import type { Weather } from "../weather.ts"
import { type Fault, lasting } from "./fault.ts"

const directions = ["up", "down"] as const

/** Bad weather for a while. */
function badWeather(
  kind: string,
  fromMs: number,
  toMs: number,
  make: (weather: Weather, unit: number) => void,
): Fault {
  return {
    kind,
    isOfNetwork: true,
    async inject({ proxy: { weather } }, random) {
      make(weather, random.next())
      await lasting(random, fromMs, toMs)
      weather.clear()
    },
  }
}

const resets: Fault = {
  kind: "network resets",
  isOfNetwork: true,
  async inject({ proxy }, random) {
    const times = 1 + random.integer(3)
    for (let i = 0; i < times; i++) {
      proxy.resetAll()
      await lasting(random, 50, 1_000)
    }
  },
}

/** Somewhere in the next 100 kB, so nearly always in the middle of a frame. */
const cut: Fault = {
  kind: "network cuts in mid-frame",
  isOfNetwork: true,
  async inject({ proxy: { weather } }, random) {
    const direction = random.pick(directions)
    weather.cutAfter(direction, 1 + random.integer(100_000))
    const isOver = () => !weather.isCutPending(direction)
    // A broker that is away at the same time sends nothing that could be cut.
    await until(isOver, { what: "the cut", timeoutMs: 5_000 }).catch(() => {})
    weather.clear()
  },
}

export const networkFaults: readonly Fault[] = [
  badWeather("network delays", 1_000, 3_000, (weather, unit) => {
    weather.delayMs = 5 + unit * 100
  }),
  badWeather("network throttles", 1_000, 4_000, (weather, unit) => {
    weather.bytesPerSecond = 20_000 + unit * 200_000
  }),
  badWeather("network half-open", 500, 8_000, (weather, unit) => {
    if (unit < 0.7) weather.hold("up")
    if (unit > 0.3) weather.hold("down")
  }),
  badWeather("network refuses", 500, 2_000, (weather) => {
    weather.isRefusing = true
  }),
  resets,
  cut,
]
