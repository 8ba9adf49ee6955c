import { expect, test } from "bun:test"
import { goDurationMs } from "../../src/config/go-duration-ms.ts"

const durations: [text: string, valueMs: number | undefined][] = [
  ["30s", 30_000],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
  ["2h45m", 9_900_000],
  ["100ms", 100],
  [".5s", 500],
  ["1.s", 1_000],
  ["+5s", 5_000],
  ["1500us", 2],
  ["1500µs", 2],
  ["1ns", 1],
  ["0", 0],
  ["0s", 0],
  ["", undefined],
  ["+", undefined],
  ["30", undefined],
  ["s", undefined],
  [".s", undefined],
  ["-5s", undefined],
  ["5 s", undefined],
  ["5d", undefined],
  ["5s5", undefined],
  ["1e3s", undefined],
]
for (const [text, valueMs] of durations) {
  test(`"${text}" is ${valueMs === undefined ? "no duration" : `${valueMs} ms`}`, () => {
    expect(goDurationMs(text)).toBe(valueMs)
  })
}
