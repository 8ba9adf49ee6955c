import { expect, test } from "bun:test"
import { devConfigFile } from "../../src/cli/dev-config-file.ts"

test("each private broker of a folder has a configuration beside it, and every other broker the first", () => {
  const file = (directory?: string) =>
    devConfigFile("/a/.partymq", directory === undefined ? {} : { directory })
  expect(file()).toBe("/a/.partymq/config.json")
  expect(file("/a/.partymq/broker")).toBe("/a/.partymq/config.json")
  expect(file("/a/.partymq/broker-2")).toBe("/a/.partymq/config-2.json")
  expect(file("/a/.partymq/broker-13")).toBe("/a/.partymq/config-13.json")
  expect(file("/var/tmp/somewhere-7")).toBe("/a/.partymq/config.json")
})
