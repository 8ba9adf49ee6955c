import { describe, expect, test } from "bun:test"
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { exampleConfig } from "../../src/cli/example-config.ts"
import { loadConfig } from "../../src/config/load-config.ts"
import { parseConfig } from "../../src/config/parse-config.ts"
import { exampleMessage } from "../../src/conformance/index.ts"
import { InvalidKey, keyBytes } from "../../src/core/key.ts"
import { InvalidJson } from "../../src/core/message.ts"
import { loadKeyExtractor } from "../../src/plugin/load-key-extractor.ts"
import { planTopics } from "../../src/topic-plan.ts"
import { runPartymq } from "../cli/partymq.ts"
import { temporaryFolder } from "../config/temporary-folder.ts"
import { codeBlock, readPage, root, rows } from "./pages.ts"

const readme = await readPage("README.md")
const partitioners = await readPage("docs/partitioners.md")
const configuration = await readPage("docs/configuration.md")
const plugins = ["my-partitioner.ts", "my-extractor.ts", "my-plugins.test.ts"]

/** These example files as a reader would save them, anywhere. */
const saved = (names: readonly string[], page = partitioners) =>
  temporaryFolder(Object.fromEntries(names.map((name) => [name, codeBlock(page, name)])))

describe("the README's", () => {
  test("configuration is the one that npm start runs", async () => {
    using folder = saved(["partymq.config.ts"], readme)
    const { config } = await loadConfig({ folder: folder.path, environment: {} })
    expect(config).toEqual(parseConfig(exampleConfig))
  })

  test("explanation is what explain prints", async () => {
    using folder = saved(["partymq.config.ts"], readme)
    const body = '{"customer":{"id":"c-42"}}'
    const run = await runPartymq(["explain", "orders", "--body", body], { folder: folder.path })
    expect(run.exitCode).toBe(0)
    expect(readme.text).toContain(`$ npx partymq explain orders --body '${body}'\n${run.stdout}`)
    const queues = run.stdout.match(/partymq\.orders\.\S+/g)!
    expect(queues.length).toBe(2)
    for (const queue of queues) expect(readme.text).toContain(`"queue":"${queue}"`)
  })

  test("partitioner is the one that the page on partitioners puts to the test", () => {
    expect(codeBlock(readme, "vip-lane.ts")).toBe(codeBlock(partitioners, "my-partitioner.ts"))
    expect(codeBlock(readme, "vip-lane.ts").trimEnd().split("\n").length).toBeLessThanOrEqual(20)
  })
})

describe("the example plugins", () => {
  test("load by path into a configuration that names them", async () => {
    using folder = saved([...plugins, "plugins.config.ts"])
    const file = "plugins.config.ts"
    const { config, baseDir } = await loadConfig({ folder: folder.path, environment: {}, file })
    const [plan] = await planTopics(config, baseDir)
    const { extractKey, groups } = plan!.route
    const message = exampleMessage({ properties: { correlationId: "order-7.line-2" } })
    expect(keyBytes(extractKey(message))).toEqual(keyBytes("order-7")!)
    const { partition, queues } = groups[0]!
    expect(["c-1", "c-2"].map((key) => partition(keyBytes(key)!))).toEqual([0, 0])
    const others = Array.from({ length: 1000 }, (_, n) => partition(keyBytes(`other-${n}`)!))
    expect([...new Set(others)].sort()).toEqual(Array.from(queues.slice(1), (_, at) => at + 1))
  })

  test("pass the conformance suite the way the page says", async () => {
    using folder = saved(plugins)
    install(folder.path)
    const run = await bunTest(folder.path)
    expect(run.exitCode).toBe(0)
    expect(run.report).toMatch(/ [1-9]\d* pass/)
  }, 60_000)

  test("do not pass it once they lie", async () => {
    using folder = saved(plugins)
    install(folder.path)
    const honest = codeBlock(partitioners, "my-partitioner.ts")
    const lying = honest.replace("balanced: false", "balanced: true")
    expect(lying).not.toBe(honest)
    writeFileSync(join(folder.path, "my-partitioner.ts"), lying)
    const run = await bunTest(folder.path)
    expect(run.exitCode).toBe(1)
    expect(run.report).toContain("off its share")
  }, 60_000)
})

/** As `npm install /path/to/partymq valibot` leaves it: links, for a folder and for a package. */
function install(folder: string): void {
  mkdirSync(join(folder, "node_modules"))
  symlinkSync(root, join(folder, "node_modules/partymq"))
  symlinkSync(join(root, "node_modules/valibot"), join(folder, "node_modules/valibot"))
}

async function bunTest(folder: string): Promise<{ exitCode: number; report: string }> {
  const { PATH = "", HOME = "" } = process.env
  const child = Bun.spawn([process.execPath, "test", "my-plugins.test.ts"], {
    cwd: folder,
    env: { PATH, HOME },
    stdout: "ignore",
    stderr: "pipe",
  })
  const [exitCode, report] = await Promise.all([child.exited, child.stderr.text()])
  return { exitCode, report }
}

describe("the reference's", () => {
  test("configuration with most fields is valid, plugins and all", async () => {
    using folder = saved(["full.config.ts"], configuration)
    const options = { folder: folder.path, environment: {}, file: "full.config.ts" }
    const { config, baseDir } = await loadConfig(options)
    const [plan] = await planTopics(config, baseDir)
    expect(plan!.generations.map(({ partitions }) => partitions)).toEqual([16, 4, 8])
  })

  test("complaints about a wrong configuration are those that check makes", async () => {
    using folder = temporaryFolder({
      "partymq.config.json": '{"topics":{"orders":{"partitions":4}}}',
    })
    const environment = { PARTYMQ_HTTP_PORT: "80a" }
    const run = await runPartymq(["check"], { folder: folder.path, environment })
    expect(run.exitCode).toBe(2)
    expect(configuration.text).toContain(`\`\`\`text\n${run.stderr}`)
  })

  test("keys are those that a body yields", async () => {
    const configured = { use: "jsonpath", path: "$.id" }
    const { extract } = await loadKeyExtractor(configured, { baseDir: root })
    const table = rows(partitioners).filter(({ cells }) => cells[0]!.startsWith("{"))
    expect(table.length).toBeGreaterThan(8)
    for (const { cells } of table) expect([cells[0]!, keyOf(cells[0]!)]).toEqual([...cells])

    function keyOf(body: string): string {
      try {
        const value = extract(exampleMessage({ body }))
        const key = value === undefined ? undefined : keyBytes(value)
        return key === undefined ? "no key" : new TextDecoder().decode(key)
      } catch (error) {
        if (error instanceof InvalidKey || error instanceof InvalidJson) return error.code
        throw error
      }
    }
  })
})
