import { describe, expect, test } from "bun:test"
import packageJson from "../../package.json" with { type: "json" }
import { temporaryFolder } from "../config/temporary-folder.ts"
import { runPartymq } from "./partymq.ts"

const withTopic = { "partymq.config.json": '{"topics":{"orders":{}}}' }

describe("wrong usage exits with 2 and one sentence", () => {
  const wrong: [args: string[], said: string][] = [
    [["chek"], "unknown command 'chek'"],
    [["check", "--colour"], "unknown option '--colour'"],
    [["check", "--output", "xml"], "Allowed choices are text, json"],
    [["check", "extra"], "too many arguments"],
    [["publish"], "missing required argument 'topic'"],
    [["publish", "orders", "--header", "novalue"], "it has to be name=value"],
    [
      ["publish", "ordres"],
      'topic "ordres" is not configured; allowed: orders; did you mean orders?',
    ],
    [["publish", "orders", "--key", ""], "--key is empty"],
    [["publish", "orders", "--id", "i".repeat(256)], "255"],
    [
      ["serve", "--http-port", "99999"],
      "http.port is 99999; allowed: a whole number from 0 to 65535",
    ],
    [["serve", "--amqp-url", "localhost"], "(it comes from --amqp-url)"],
    [["serve", "--config", "nowhere.json"], '"nowhere.json"'],
  ]
  for (const [args, said] of wrong) {
    test(`partymq ${args.join(" ").slice(0, 60)}`, async () => {
      using folder = temporaryFolder(withTopic)
      const run = await runPartymq(args, { folder: folder.path })
      expect(run.stderr).toContain(said)
      expect(run.stderr).not.toContain("    at ")
      expect(run.stdout).toBe("")
      expect(run.exitCode).toBe(2)
    })
  }

  test("as JSON when asked", async () => {
    using folder = temporaryFolder()
    const run = await runPartymq(["chek", "--output", "json"], { folder: folder.path })
    expect(JSON.parse(run.stderr).error).toMatchObject({ code: "usage" })
    expect(run.exitCode).toBe(2)
  })

  test("no command at all shows the commands", async () => {
    using folder = temporaryFolder()
    const run = await runPartymq([], { folder: folder.path })
    expect(run.stderr).toContain("Usage: partymq")
    expect(run.exitCode).toBe(2)
  })
})

describe("help and version exit with 0", () => {
  for (const command of ["serve", "dev", "check", "publish"]) {
    test(`partymq ${command} --help names the global options too`, async () => {
      using folder = temporaryFolder()
      const run = await runPartymq([command, "--help"], { folder: folder.path })
      expect(run.exitCode).toBe(0)
      expect(run.stdout).toContain(`Usage: partymq ${command}`)
      expect(run.stdout).toContain("--output <kind>")
    })
  }

  test("partymq --version is the package's", async () => {
    using folder = temporaryFolder()
    const run = await runPartymq(["--version"], { folder: folder.path })
    expect(run).toEqual({ exitCode: 0, stdout: `${packageJson.version}\n`, stderr: "" })
  })
})
