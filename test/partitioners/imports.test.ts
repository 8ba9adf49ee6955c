import { expect, test } from "bun:test"
import { Glob } from "bun"

const allowed = ["partymq", "valibot", "jsonpath-plus"]

test("built-in plugins import only public packages and files beside them", async () => {
  const found: string[] = []
  let files = 0
  const folder = new URL("../../partitioners/", import.meta.url).pathname
  for await (const file of new Glob("**/*.ts").scan(folder)) {
    files++
    const source = await Bun.file(folder + file).text()
    for (const [, specifier] of source.matchAll(/(?:from|import\()\s*"([^"]+)"/g)) {
      const outward = !allowed.includes(specifier!) && !specifier!.startsWith("./")
      if (outward) found.push(`${file} imports ${specifier}`)
    }
  }
  expect(files).toBeGreaterThanOrEqual(7)
  expect(found).toEqual([])
})
