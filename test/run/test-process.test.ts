import { expect, test } from "bun:test"
import { join } from "node:path"
import { temporaryFolder } from "../config/temporary-folder.ts"
import { startTests } from "./test-process.ts"

const broker = { url: "amqp://nobody", managementUrl: "http://nobody" }

/** Runs one file of tests and keeps what it prints. */
async function run(text: string) {
  using folder = temporaryFolder({ "a.test.ts": `import { test } from "bun:test"\n${text}` })
  const args = [join(folder.path, "a.test.ts")]
  return await startTests({ args, broker, directory: folder.path, isKept: true }).ended
}

test("what passed, failed and was skipped is counted, and what it printed is kept in order", async () => {
  const { counts, badEnd, output } = await run(`
    test("one", () => console.log("said by one"))
    test("two", () => { throw new Error("thrown by two") })
    test.skip("three", () => {})
    test("four", () => console.log(process.env.PARTYMQ_TEST_AMQP_URL))
  `)
  expect(counts).toEqual({ passed: 2, failed: 1, skipped: 1 })
  expect(badEnd).toBe("ended with 1")
  const places = ["said by one", "(pass) one", "thrown by two", "(fail) two", "amqp://nobody"]
  const found = places.map((place) => output.indexOf(place))
  expect(found).not.toContain(-1)
  expect(found).toEqual(found.toSorted((one, other) => one - other))
})

test("a process that is killed has failed, though it told of no test that did", async () => {
  const { counts, badEnd } = await run(`
    test("one", () => {})
    test("two", () => process.kill(process.pid, "SIGKILL"))
  `)
  expect(counts).toEqual({ passed: 0, failed: 1, skipped: 0 })
  expect(badEnd).toBe("was ended by SIGKILL")
})

test("so has one that ends in the midst of its tests as if all were well", async () => {
  const { counts } = await run(`
    test("one", () => process.exit(0))
    test("two", () => {})
  `)
  expect(counts.failed).toBe(1)
})
