import { afterAll, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import type { PluginUse } from "../../src/config/config.ts"
import { exampleMessage } from "../../src/conformance/example-message.ts"
import { keyBytes } from "../../src/core/key.ts"
import { builtInKeyExtractors, builtInPartitioners } from "../../src/plugin/built-in.ts"
import { importPlugin } from "../../src/plugin/import-plugin.ts"
import { loadKeyExtractor } from "../../src/plugin/load-key-extractor.ts"
import { loadPartitioner } from "../../src/plugin/load-partitioner.ts"
import { partitionSet } from "../../src/plugin/partition-set.ts"
import { PluginError } from "../../src/plugin/plugin-error.ts"

/** A folder with nothing installed in it or above it, as somebody's configuration folder may be. */
const baseDir = mkdtempSync(join(tmpdir(), "partymq-plugins-"))
afterAll(() => rmSync(baseDir, { recursive: true, force: true }))

/** Writes a file and returns its name as `use` takes it; names are never used twice. */
function written(source: string, name = `./plugin-${crypto.randomUUID()}.ts`): string {
  const file = join(baseDir, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, source)
  return name
}

const guarantees =
  'guarantees: { deterministic: true, balanced: false, movement: "any", weighted: false }'
const plain = (create: string, more = guarantees) =>
  `export default { kind: "partitioner", name: "mine", ${more}, create: ${create} }`

const partitions = partitionSet(8)
const place = (use: PluginUse, set = partitions) =>
  loadPartitioner(use, { baseDir, partitions: set })

async function refusal(loading: Promise<unknown>): Promise<[code: string, message: string]> {
  try {
    await loading
  } catch (error) {
    if (error instanceof PluginError) return [error.code, error.message]
    throw error
  }
  throw new Error("the plugin was loaded")
}

describe("plugins that load", () => {
  test("every built-in, by its name", async () => {
    for (const use of builtInPartitioners) {
      const loaded = await place({ use })
      expect([use, loaded.name, loaded.fingerprint?.length]).toEqual([use, use, 16])
    }
    const options = { header: { name: "k" }, jsonpath: { path: "$.k" } }
    for (const use of builtInKeyExtractors) {
      const { extract } = await loadKeyExtractor({ use, ...options[use] }, { baseDir })
      const key = extract(exampleMessage({ headers: { k: "v" }, body: '{"k":"v"}' }))
      expect([use, Buffer.from(key as Uint8Array).toString()]).toEqual([use, "v"])
    }
  })

  test("options are parsed, and defaults filled in", async () => {
    expect((await place({ use: "consistent-hash" })).options).toEqual({ virtualNodes: 128 })
    const other = await place({ use: "consistent-hash", virtualNodes: 64 })
    expect(other.options).toEqual({ virtualNodes: 64 })
    expect(other.fingerprint).not.toBe((await place({ use: "consistent-hash" })).fingerprint)
  })

  test("a folder with an index, and one that says what it exports", async () => {
    const folder = `./folder-${crypto.randomUUID()}`
    written(plain("() => () => 3"), `${folder}/index.ts`)
    written('{ "name": "mine", "main": "./main.js" }', `${folder}-2/package.json`)
    written(plain("() => () => 4"), `${folder}-2/main.js`)
    expect((await place({ use: folder })).partition(keyBytes("k")!)).toBe(3)
    expect((await place({ use: `${folder}-2/` })).partition(keyBytes("k")!)).toBe(4)
  })

  test("a file outside the project that imports partymq and valibot, uninstalled", async () => {
    const use = written(`
      import { definePartitioner, xxHash32 } from "partymq"
      import * as v from "valibot"
      export default definePartitioner({
        name: "salted",
        options: v.strictObject({ salt: v.pipe(v.number(), v.integer()) }),
        ${guarantees},
        create: ({ salt }, partitions) => (key) => xxHash32(key, salt) % partitions.length,
      })
    `)
    const { name, partition } = await place({ use, salt: 7 })
    expect(name).toBe("salted")
    expect(partition(keyBytes("abc")!)).toBe(Bun.hash.xxHash32("abc", 7) % 8)
    expect(await refusal(place({ use, salt: "7" }))).toEqual([
      "plugin_options",
      expect.stringMatching(/option "salt" is "7": .*Expected number/),
    ])
  })

  test("what it throws as InvalidKey is the router's own InvalidKey", async () => {
    const use = written(`
      import { defineKeyExtractor, InvalidKey } from "partymq"
      export default defineKeyExtractor({
        name: "strict",
        create: () => () => { throw new InvalidKey("never") },
      })
    `)
    const { extract } = await loadKeyExtractor({ use }, { baseDir })
    const { InvalidKey } = await import("../../src/core/key.ts")
    expect(() => extract(exampleMessage({}))).toThrow(InvalidKey)
  })

  test("a plain object without any import, by relative path, path or URL", async () => {
    const source = plain("(options, partitions) => (key) => key[0] % partitions.length")
    const file = written(source, `./plain-${crypto.randomUUID()}.js`)
    const nested = written(source, `./nested/plain-${crypto.randomUUID()}.mjs`)
    for (const use of [
      file,
      nested,
      join(baseDir, file),
      pathToFileURL(join(baseDir, file)).href,
    ]) {
      expect((await place({ use })).partition(keyBytes("a")!)).toBe(97 % 8)
    }
  })

  test("a package installed beside the configuration, also from a folder below", async () => {
    const name = `partitioner-${crypto.randomUUID()}`
    const project = `./project-${crypto.randomUUID()}`
    const installed = `${project}/node_modules/@team/${name}`
    written('{ "type": "module", "exports": "./main.js" }', `${installed}/package.json`)
    written(plain("() => () => 5"), `${installed}/main.js`)
    written("", `${project}/below/partymq.config.yaml`)
    const use = `@team/${name}`
    for (const folder of [project, `${project}/below`]) {
      const loaded = await loadPartitioner({ use }, { baseDir: join(baseDir, folder), partitions })
      expect(loaded.partition(keyBytes("a")!)).toBe(5)
    }
    const other = loadPartitioner(
      { use: `${use}/other` },
      { baseDir: join(baseDir, project), partitions },
    )
    expect(await refusal(other)).toEqual([
      "plugin_missing",
      expect.stringContaining("does not export that"),
    ])
  })

  test("weights, for a partitioner that can weigh", async () => {
    const set = partitionSet(2, [1, 3])
    const { partition } = await place({ use: "rendezvous-hash" }, set)
    const loads = [0, 0]
    for (let n = 0; n < 10_000; n++) loads[partition(keyBytes(`key-${n}`)!)]!++
    expect(loads[1]! / loads[0]!).toBeWithin(2.7, 3.3)
  })

  test("one that is not deterministic and says so has no fingerprint", async () => {
    const dice = plain(
      "(o, all) => () => Math.floor(Math.random() * all.length)",
      guarantees.replace("deterministic: true", "deterministic: false"),
    )
    expect(await place({ use: written(dice) })).not.toHaveProperty("fingerprint")
  })
})

describe("plugins that are refused, each with its code and what to do", () => {
  const cases: [what: string, use: () => PluginUse, code: string, message: RegExp][] = [
    [
      "a file that is missing",
      () => ({ use: "./none.ts" }),
      "plugin_missing",
      /there is no file .*none\.ts/,
    ],
    [
      "a name that nobody has",
      () => ({ use: "consistent-hsah" }),
      "plugin_missing",
      /"consistent-hsah" was not found: it is neither built in \(consistent-hash, .*with \.\//,
    ],
    ["a folder", () => ({ use: "../" }), "plugin_missing", /there is no file/],
    [
      "a path through a file",
      () => ({ use: `${written("")}/x.ts` }),
      "plugin_missing",
      /there is no file/,
    ],
    ["an odd name", () => ({ use: "a b" }), "plugin_missing", /neither built in/],
    ["an empty name", () => ({ use: "" }), "plugin_missing", /neither built in/],
    ["a bad URL", () => ({ use: "file://host/x%2Fy" }), "plugin_missing", /not a valid file: URL/],
    [
      "a file that throws",
      () => ({ use: written('throw new Error("at the top")') }),
      "plugin_load_failed",
      /failed to load: at the top/,
    ],
    [
      "a syntax error",
      () => ({ use: written("\nexport default {") }),
      "plugin_load_failed",
      /failed to load: .+ \(.+\.ts, line 2, column \d+\)$/,
    ],
    [
      "an import that is missing",
      () => ({ use: written('import "./not-there.ts"') }),
      "plugin_load_failed",
      /not-there/,
    ],
    [
      "no default export",
      () => ({ use: written("export const a = 1") }),
      "plugin_shape",
      /exports nothing/,
    ],
    [
      "a default export that is a function",
      () => ({ use: written("export default () => 0") }),
      "plugin_shape",
      /type function as its default; it must be an object/,
    ],
    [
      "an object without kind",
      () => ({ use: written('export default { name: "x", create: () => () => 0 }') }),
      "plugin_shape",
      /kind is undefined; it must be "partitioner" or "key-extractor"/,
    ],
    [
      "a partitioner without guarantees",
      () => ({ use: written(plain("() => () => 0", "extra: 1")) }),
      "plugin_shape",
      /guarantees is missing/,
    ],
    [
      "a guarantee that is none",
      () => ({ use: written(plain("() => () => 0", guarantees.replace('"any"', '"some"'))) }),
      "plugin_shape",
      /guarantees\.movement is "some"; it must be "minimal", "low" or "any"/,
    ],
    [
      "create that is no function",
      () => ({ use: written(plain("7")) }),
      "plugin_shape",
      /create is 7; it must be a function/,
    ],
    [
      "options that are no schema",
      () => ({ use: written(plain("() => () => 0", `${guarantees}, options: {}`)) }),
      "plugin_shape",
      /options is Object; it must be a synchronous valibot schema/,
    ],
    [
      "a key extractor",
      () => ({ use: "header", name: "k" }),
      "plugin_kind",
      /"header" is a key extractor; here belongs a partitioner/,
    ],
    [
      "an option of the wrong type",
      () => ({ use: "consistent-hash", virtualNodes: "many" }),
      "plugin_options",
      /option "virtualNodes" is "many": .*Expected number/,
    ],
    [
      "an option that is unknown",
      () => ({ use: "consistent-hash", vnodes: 3 }),
      "plugin_options",
      /"consistent-hash": option "vnodes" is unknown/,
    ],
    [
      "an option for a plugin that takes none",
      () => ({ use: written(plain("() => () => 0")), a: 1 }),
      "plugin_options",
      /option "a" is unknown/,
    ],
    [
      "create that throws",
      () => ({ use: written(plain('() => { throw "no" }')) }),
      "plugin_create_failed",
      /create threw for 8 partitions: no$/,
    ],
    [
      "create that returns no function",
      () => ({ use: written(plain("async () => () => 0")) }),
      "plugin_create_failed",
      /returned a value of type object; it must return a function/,
    ],
    [
      "a partition that is not there",
      () => ({ use: written(plain("(o, all) => (key) => key.length === 8 ? all.length : 0")) }),
      "plugin_placement",
      /partition 8; it must be an integer from 0 to 7/,
    ],
    [
      "a partition as a text",
      () => ({ use: written(plain('() => () => "0"')) }),
      "plugin_placement",
      /partition "0"; it must be an integer/,
    ],
    [
      "a partition that is promised",
      () => ({ use: written(plain("() => async () => 0")) }),
      "plugin_placement",
      /partition a promise; it must be an integer/,
    ],
    [
      "half a partition",
      () => ({ use: written(plain("() => () => 0.5")) }),
      "plugin_placement",
      /partition 0\.5/,
    ],
    [
      "a partitioner that throws for a key",
      () => ({ use: written(plain('() => () => { throw new TypeError("oops") }')) }),
      "plugin_placement",
      /threw for a key: oops/,
    ],
    [
      "dice that call themselves deterministic",
      () => ({ use: written(plain("(o, all) => () => Math.floor(Math.random() * all.length)")) }),
      "plugin_placement",
      /says that it is deterministic and places the same keys differently/,
    ],
  ]
  for (const [what, use, code, message] of cases) {
    test(what, async () => {
      expect(await refusal(place(use()))).toEqual([code, expect.stringMatching(message)])
    })
  }

  test("code that never ends loading", async () => {
    const use = written(`await new Promise(() => {})\n${plain("() => () => 0")}`)
    expect(await refusal(importPlugin(use, "partitioner", baseDir, 50))).toEqual([
      "plugin_load_failed",
      expect.stringContaining("it takes over 50 ms; a top-level await of its may never end"),
    ])
  })

  test("a partitioner that everything would have to wait for", async () => {
    const busy =
      "() => { const end = performance.now() + 5; while (performance.now() < end); return 0 }"
    const use = { use: written(plain(`() => ${busy}`)) }
    const loading = loadPartitioner(use, { baseDir, partitions, sampleTimeoutMs: 20 })
    expect(await refusal(loading)).toEqual([
      "plugin_too_slow",
      expect.stringContaining("took over 20 ms to place"),
    ])
  })

  test("weights for a partitioner that cannot weigh", async () => {
    const set = partitionSet(3, [1, 2, 1])
    expect(await refusal(place({ use: "jump-hash" }, set))).toEqual([
      "plugin_weights",
      expect.stringMatching(/not honour weights: partition 1 has weight 2, only 1 is allowed/),
    ])
  })

  test("extractors: wrong kind, missing option, bad path, create that throws", async () => {
    const load = (use: PluginUse) => refusal(loadKeyExtractor(use, { baseDir }))
    expect(await load({ use: "jump-hash" })).toEqual([
      "plugin_kind",
      'plugin "jump-hash" is a partitioner; here belongs a key extractor',
    ])
    expect(await load({ use: "header" })).toEqual([
      "plugin_options",
      'plugin "header": option "name" is missing',
    ])
    expect(await load({ use: "jsonpath", path: "$[?(@.a)]" })).toEqual([
      "plugin_options",
      expect.stringMatching(
        /option "path" is "\$\[\?\(@\.a\)\]": at character 3: filter and script/,
      ),
    ])
    const throwing =
      'export default { kind: "key-extractor", name: "x", create() { throw new Error("no") } }'
    expect(await load({ use: written(throwing) })).toEqual([
      "plugin_create_failed",
      expect.stringMatching(/create threw: no/),
    ])
    expect(await load({ use: "none" })).toEqual([
      "plugin_missing",
      expect.stringMatching(/built in \(header, jsonpath\)/),
    ])
  })
})
