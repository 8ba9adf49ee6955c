import { describe, expect, test } from "bun:test"
import type { Command } from "commander"
import { BrokerError } from "../../src/broker/broker-error.ts"
import { tlsFileCode } from "../../src/broker/endpoint.ts"
import { StartRefused } from "../../src/broker/start-refused.ts"
import { CommandFailed } from "../../src/cli/command-failed.ts"
import { createProgram } from "../../src/cli/create-program.ts"
import { failureOf } from "../../src/cli/failure.ts"
import { UsageError } from "../../src/cli/usage-error.ts"
import { ConfigError } from "../../src/config/config-error.ts"
import { configWarningCodes } from "../../src/config/config-warnings.ts"
import { environmentSettings } from "../../src/config/environment.ts"
import { originalEnvironment } from "../../src/config/original-environment.ts"
import { parseConfig } from "../../src/config/parse-config.ts"
import { problemCatalogue } from "../../src/http/problem-catalogue.ts"
import { LocalBrokerError } from "../../src/local-broker/local-broker-error.ts"
import { PluginError } from "../../src/plugin/plugin-error.ts"
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
    const names = (await sources()).match(/\bPARTYMQ_[A-Z_]+\b/g) ?? []
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

test("every warning is documented, with nothing that is none", () => {
  const [, listed] = /There\s+are (.*?)\n\n/s.exec(page.text) ?? []
  const shown: string[] = listed?.match(/(?<=`)[a-z]+_[a-z_]+(?=`)/g) ?? []
  expect(shown.sort()).toEqual([...configWarningCodes].sort())
})

describe("the code of a failure", () => {
  const table = rows(page).filter(({ section }) => section === "Failures of commands")
  const documented = table.map(({ cells }) => cells[0]!)

  test("is documented, wherever the sources make one", async () => {
    const text = await sources("{broker,cli,config,local-broker,plugin}")
    const made = [
      /new (?:CommandFailed|LocalBrokerError|PluginError|StartRefused)\(\s*"(\w+)"/g,
      /\breadonly code = "(\w+)"/g,
      /\bconst \w+Code = "(\w+)"/g,
      // What is taken where no other is given.
      /\bcode(?: =| \?\?| :) "(\w+)"/g,
    ].flatMap((pattern) => [...text.matchAll(pattern)].map(([, code]) => code!))
    expect(made.length).toBeGreaterThan(20)
    const problems: readonly string[] = Object.keys(problemCatalogue)
    const wanted = made.filter((code) => !problems.includes(code))
    expect(wanted.filter((code) => !documented.includes(code))).toEqual([])
    for (const code of documented) expect(text).toContain(`"${code}"`)
  })

  test("has the exit code that is documented", () => {
    const exitCodes = new Map(table.map(({ cells }) => [cells[0]!, Number(cells[1])]))
    const failures = [
      new UsageError(""),
      new ConfigError([]),
      new StartRefused("queue_conflict", ""),
      new PluginError("plugin_shape", ""),
      new BrokerError("", tlsFileCode),
      new BrokerError(""),
      new CommandFailed("router_away", ""),
      new LocalBrokerError("no_broker", ""),
      new Error("a fault"),
    ].map(failureOf)
    for (const { code, exitCode } of failures) {
      expect([code, exitCodes.get(code)]).toEqual([code, exitCode])
    }
  })
})

function leaves(command: Command, prefix: string): { name: string; command: Command }[] {
  return command.commands.flatMap((each) => {
    const name = `${prefix}${each.name()}`
    return each.commands.length > 0 ? leaves(each, `${name} `) : [{ name, command: each }]
  })
}

const flagsOf = (command: Command): string[] => command.options.map(({ long }) => long!).sort()

/** What is in folders of `src`, one file after the other. */
async function sources(folders = "."): Promise<string> {
  const glob = new Bun.Glob(`src/${folders}/**/*.ts`).scan({ cwd: root, absolute: true })
  const files = (await Array.fromAsync(glob)).sort()
  return (await Promise.all(files.map((file) => Bun.file(file).text()))).join("\n")
}
