import { describe, expect, test } from "bun:test"
import { closeSync, openSync } from "node:fs"
import packageJson from "../../package.json" with { type: "json" }
import { temporaryFolder } from "../config/temporary-folder.ts"
import { partymqCommand, runPartymq } from "./partymq.ts"

const withTopic = { "partymq.config.json": '{"topics":{"orders":{}}}' }

describe("wrong usage exits with 2 and one sentence", () => {
  const wrong: [args: string[], said: string][] = [
    [["chek"], "unknown command 'chek'"],
    [["check", "--colour"], "unknown option '--colour'"],
    [["check", "--output", "xml"], "Allowed choices are text, json"],
    [["check", "extra"], "too many arguments"],
    [["publish"], "missing required argument 'topic'"],
    [["publish", "orders", "--header", "novalue"], "It has to be name=value"],
    [
      ["publish", "ordres"],
      'topic "ordres" is not configured; allowed: orders; did you mean orders?',
    ],
    [["publish", "orders", "--key", ""], "--key is empty"],
    [["publish", "orders", "--key", "k", "--body", "nowhere.json"], "there is no such file"],
    [["publish", "orders", "--key", "k", "--body", "./nowhere"], "there is no such file"],
    [["explain", "orders", "--key", "k", "--body", "/no/where"], "there is no such file"],
    [["publish", "orders", "--id", "i".repeat(256)], "255"],
    [
      ["serve", "--http-port", "99999"],
      "http.port is 99999; allowed: a whole number from 0 to 65535",
    ],
    [["serve", "--amqp-url", "localhost"], "(it comes from --amqp-url)"],
    [["serve", "--config", "nowhere.json"], '"nowhere.json"'],
    [["serve", "now"], "too many arguments"],
    [["dev", "now"], "too many arguments"],
    [["consume", "--group", "default"], "missing required argument 'topic'"],
    [["consume", "orders"], "required option '--group <group>' not specified"],
    [["consume", "ordres", "--group", "default"], "did you mean orders?"],
    [
      ["consume", "orders", "--group", "defualt"],
      'group "defualt" is not configured; allowed: default; did you mean default?',
    ],
    [["consume", "orders", "--group", "default", "--limit", "0"], "a whole number of at least 1"],
    [
      ["consume", "orders", "--group", "default", "--partition", "16"],
      'partition 16 of group "default" does not exist; allowed: 0 to 15',
    ],
    [["explain"], "missing required argument 'topic'"],
    [["explain", "ordres"], "did you mean orders?"],
    [["explain", "orders", "--header", "novalue"], "It has to be name=value"],
    [["explain", "orders", "--key", ""], "--key is empty"],
    [["group", "ls", "--url", "localhost:8085"], "--url is"],
    [["keys", "ls", "orders", "default", "--url", "nowhere"], "a URL such as http://host:8085"],
    [["dlq", "list"], "unknown command 'list'"],
    [["dlq", "ls"], "missing required argument 'topic'"],
    [["dlq", "ls", "ordres"], "did you mean orders?"],
    [["dlq", "ls", "orders", "--limit", "x"], "a whole number of at least 1"],
    [["dlq", "show", "orders"], "missing required argument 'number'"],
    [["dlq", "show", "orders", "0"], "a whole number of at least 1"],
    [["dlq", "show", "ordres", "1"], "did you mean orders?"],
    [["dlq", "replay", "ordres"], "did you mean orders?"],
    [["dlq", "purge", "ordres"], "did you mean orders?"],
    [["dlq", "purge", "orders"], "--force does not ask"],
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
  const commands = ["serve", "dev", "check", "publish", "consume", "explain"]
  const ofDlq = ["dlq", "dlq ls", "dlq show", "dlq replay", "dlq purge"]
  for (const command of [...commands, ...ofDlq]) {
    test(`partymq ${command} --help names the global options too`, async () => {
      using folder = temporaryFolder()
      const run = await runPartymq([...command.split(" "), "--help"], { folder: folder.path })
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

test.skipIf(process.platform !== "linux")(
  "a result that cannot be written is a failure",
  async () => {
    using folder = temporaryFolder(withTopic)
    const full = openSync("/dev/full", "w")
    const child = Bun.spawn(partymqCommand(["check"]), {
      ...{ cwd: folder.path, stdout: full, stderr: "pipe" },
    })
    closeSync(full)
    const [exitCode, stderr] = await Promise.all([child.exited, child.stderr.text()])
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("cannot write to stdout: ")])
  },
)

describe.skipIf(Bun.which("bash") === null)("a result in a pipe", () => {
  /** What a shell prints that sends the result of `check` into another program. */
  async function piped(files: { readonly [name: string]: string }, reader: string) {
    using folder = temporaryFolder(files)
    const command = partymqCommand(["check", "--output", "json"]).map((word) => `'${word}'`)
    const script = `${command.join(" ")} | ${reader}; echo "exit \${PIPESTATUS[0]}"`
    const { PATH = "", HOME = "" } = process.env
    const shell = Bun.spawn(["bash", "-c", script], {
      ...{ cwd: folder.path, env: { PATH, HOME }, stdout: "pipe", stderr: "pipe" },
    })
    return [await shell.stdout.text(), await shell.stderr.text()]
  }

  test("is all there, however late its reader comes", async () => {
    const groups = { all: { partitions: 1, partitioner: { use: "modulus-hash" } } }
    const topic = { onMissingKey: "spread", groups }
    const named = Array.from({ length: 400 }, (_, at) => [`topic-${at}`, topic])
    const topics = Object.fromEntries(named)
    const files = { "partymq.config.json": JSON.stringify({ topics }) }
    // More than a pipe holds, and longer than it takes to write it all into one that is read.
    const [stdout, stderr] = await piped(files, "{ sleep 1; cat; }")
    expect(stderr).toBe("")
    const [document = "", exit] = stdout!.trimEnd().split("\n")
    expect(document.length).toBeGreaterThan(100_000)
    expect(Object.keys(JSON.parse(document).topics)).toHaveLength(400)
    expect(exit).toBe("exit 0")
  })

  test("may be cut off by its reader, which is no failure", async () => {
    expect(await piped(withTopic, "true")).toEqual(["exit 0\n", ""])
  })
})
