import { expect, test } from "bun:test"
import { until } from "./until.ts"

test("a condition is asked until it yields something, and that is returned", async () => {
  let asked = 0
  const yielded = until(() => ++asked === 3 && "there", { what: "the third time", intervalMs: 1 })
  expect(await yielded).toBe("there")
  expect(asked).toBe(3)
})

test("a condition that never holds fails with what was waited for and what it said", async () => {
  const options = { what: "rain", timeoutMs: 5, intervalMs: 1 }
  await expect(until(() => 0, options)).rejects.toThrow(
    "waited 5 ms for rain; the condition yields 0",
  )
  const dry = () => {
    throw new Error("no clouds")
  }
  await expect(until(dry, options)).rejects.toThrow("the condition throws no clouds")
})
