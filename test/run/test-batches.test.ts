import { expect, test } from "bun:test"
import { testBatches } from "./test-batches.ts"

test("long files come first, each by itself, then the others by folder, the largest first", () => {
  const files = ["t/b/2.ts", "t/a.ts", "t/b/1.ts", "t/c/long.ts", "t/b/longer.ts", "t/b/deep/1.ts"]
  expect(testBatches(files, ["t/b/longer.ts", "t/c/long.ts"])).toEqual([
    { name: "t/b/longer.ts", files: ["t/b/longer.ts"] },
    { name: "t/c/long.ts", files: ["t/c/long.ts"] },
    { name: "t/b", files: ["t/b/1.ts", "t/b/2.ts"] },
    { name: "t", files: ["t/a.ts"] },
    { name: "t/b/deep", files: ["t/b/deep/1.ts"] },
  ])
})

test("a long file that is gone is said to be", () => {
  expect(() => testBatches(["t/a.ts"], ["t/gone.ts"])).toThrow("t/gone.ts")
})
