import { describe, expect, test } from "bun:test"
import type { Command } from "commander"
import { createProgram } from "../../src/cli/create-program.ts"
import { environmentSettings } from "../../src/config/environment.ts"
import { originalEnvironment } from "../../src/config/original-environment.ts"
import { parseConfig } from "../../src/config/parse-config.ts"
import { firstCells, readPage, root, rows } from "./pages.ts"
import { schemaFields } from "./schema-fields.ts"

const page = await readPage("docs/configuration.md")
const fieldRows = rows(page).filter(({ section }) => /^(Top level|[\w.*]+)$/.test(section))
const documented = new Map(
  fieldRows.map(({ section, cells }) => {
    const prefix = section === "Top level" ? "" : `${section}.`
    return [`${prefix}${cells[0]}`, cells[1]] as const
  }),
)

describe("every field of the configuration", () => {
  const fields = schemaFields()

  test("is documented, and nothing else is", () => {
    expect(fields.length).toBeGreaterThan(40)
    expect([...documented.keys()].sort()).toEqual(fields.map(({ path }) => path).sort())
  })

  test("is documented with its default", () => {
    const wrong = fields.filter(({ path, shownDefault }) => documented.get(path) !== shownDefault)
    expect(wrong.map((field) => ({ ...field, documented: documented.get(field.path) }))).toEqual([])
  })

  test("has the same default in the README, where it is shown there", async () => {
    const shown = rows(await readPage("README.md")).filter(
      ({ section }) => section === "Configuration",
    )
    expect(shown.length).toBeGreaterThan(5)
    for (const { cells } of shown) {
      const [path, shownDefault] = cells
      expect([path, documented.get(path!)]).toEqual([path!, shownDefault])
    }
  })
})

describe("every environment variable", () => {
  test("sets the field that it is documented for", () => {
    const values: { readonly [field: string]: unknown } = { "http.port": 1234 }
    for (const { cells } of rows(page).filter(
      ({ section }) => section === "Environment variables",
    )) {
      const [names, path] = cells
      for (const name of names!.split(", ")) {
        const { settings } = environmentSettings({ [name]: String(values[path!] ?? "text") })
        expect(settings).toEqual([{ path: path!, value: values[path!] ?? "text", source: name }])
      }
    }
  })

  test("of the original PartyMQ is read, and its default is true", () => {
    const section = "The environment of the original PartyMQ"
    const original = rows(page).filter((row) => row.section === section)
    expect(original.length).toBe(6)
    const defaults = Object.fromEntries(original.map(({ cells }) => [cells[0]!, cells[1]!]))
    const effective = (environment: { [name: string]: string }) =>
      parseConfig(originalEnvironment(environment)!.input)
    for (const [name, value] of Object.entries(defaults)) {
      const others = name === "PARTYMQ_SOURCE_QUEUE" ? "PARTYMQ_RABBIT_CS" : "PARTYMQ_SOURCE_QUEUE"
      const base = { [others]: defaults[others]! }
      expect(effective({ ...base, [name]: value })).toEqual(effective(base))
    }
  })

  test("that the sources know is documented", async () => {
    const internal = ["PARTYMQ_LAUNCHER_PID", "PARTYMQ_INSTALLATION"]
    const glob = new Bun.Glob("src/**/*.ts").scan({ cwd: root, absolute: true })
    const sources = await Promise.all((await Array.fromAsync(glob)).map((f) => Bun.file(f).text()))
    const names = sources.flatMap((text) => text.match(/\bPARTYMQ_[A-Z_]+\b/g) ?? [])
    expect(names.length).toBeGreaterThan(10)
    for (const name of names)
      if (!internal.includes(name)) expect(page.text).toContain(`\`${name}\``)
  })
})

describe("the command line", () => {
  const program = createProgram()

  test("is documented, command by command", () => {
    const section = "Commands and flags"
    const shown = firstCells(page, section).map((cell) => cell.replace(/ [A-Z].*$/, ""))
    const commands = leaves(program, "").map(({ name }) => name)
    expect(shown.filter((name) => !name.startsWith("--")).sort()).toEqual(commands.sort())
  })

  test("is documented, flag by flag", () => {
    const table = rows(page).filter(({ section }) => section === "Commands and flags")
    const flagsIn = (text: string) => (text.match(/--[a-z-]+/g) ?? []).sort()
    for (const { name, command } of leaves(program, "")) {
      const row = table.find(({ cells }) => cells[0]!.replace(/ [A-Z].*$/, "") === name)!
      expect([name, ...flagsIn(row.cells[2]!)]).toEqual([name, ...flagsOf(command)])
    }
    const global = table.flatMap(({ cells }) =>
      cells[0]!.startsWith("--") ? flagsIn(cells[0]!) : [],
    )
    expect(global.sort()).toEqual(flagsOf(program).filter((flag) => flag !== "--version"))
  })
})

function leaves(command: Command, prefix: string): { name: string; command: Command }[] {
  return command.commands.flatMap((each) => {
    const name = `${prefix}${each.name()}`
    return each.commands.length > 0 ? leaves(each, `${name} `) : [{ name, command: each }]
  })
}

const flagsOf = (command: Command): string[] => command.options.map(({ long }) => long!).sort()
