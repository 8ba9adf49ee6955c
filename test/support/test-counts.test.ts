import { expect, test } from "bun:test"
import { countsText, sumOfCounts, testCounts } from "./test-counts.ts"

const report = (attributes: string) =>
  `<?xml version="1.0"?>\n<testsuites name="bun test" ${attributes}>\n</testsuites>`

test("what passed is what neither failed nor was skipped", () => {
  expect(testCounts(report('tests="9" assertions="30" failures="2" skipped="3"'), 1)).toEqual({
    passed: 4,
    failed: 2,
    skipped: 3,
  })
})

test("a bad end counts as a failure even when every test passed", () => {
  const passing = report('tests="9" assertions="30" failures="0" skipped="0"')
  expect(testCounts(passing, 0).failed).toBe(0)
  expect(testCounts(passing, 1).failed).toBe(1)
})

test("no report means that no test ran, which is a failure", () => {
  expect(testCounts("", 0)).toEqual({ passed: 0, failed: 1, skipped: 0 })
})

test("several runs come to the sum of them, and what was skipped is told only if anything was", () => {
  const one = { passed: 1, failed: 2, skipped: 0 }
  expect(countsText(sumOfCounts([one, { passed: 10, failed: 0, skipped: 0 }]))).toBe(
    "11 passed, 2 failed",
  )
  expect(countsText(sumOfCounts([one, { passed: 0, failed: 0, skipped: 3 }]))).toBe(
    "1 passed, 2 failed, 3 skipped",
  )
})
