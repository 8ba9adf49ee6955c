import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import { type Import, importsOf, packageOf } from "./imports.ts"

const root = join(import.meta.dir, "../..")
const linesMax = 250

/** Which folders and files may import a package, or anything whose name begins with it and a slash. */
const rooms: { readonly [name: string]: readonly string[] } = {
  "@cloudamqp/amqp-client": ["src/broker/", "src/client/"],
  hono: ["src/http/"],
  valibot: [
    "src/broker/",
    "src/config/",
    "src/plugin/",
    "src/conformance/",
    "src/http/",
    "src/client/",
    "partitioners/",
  ],
  commander: ["src/cli/"],
  testcontainers: ["src/local-broker/"],
  "jsonpath-plus": ["partitioners/"],
}
const pure = ["src/core/", "src/wire/", "src/hash/"]
/** What a consumer runs with: nothing that serves, routes or coordinates. */
const forConsumers = [
  "src/client/",
  "src/broker/answered.ts",
  "src/broker/broker-error.ts",
  "src/broker/connection.ts",
  "src/broker/content-reader.ts",
  "src/broker/endpoint.ts",
  "src/broker/queue-reader.ts",
  "src/core/",
  "src/wire/",
  "src/plugin/",
]
const forPlugins = ["partymq", "valibot", "jsonpath-plus"]
const dumpingGrounds = /(^|\/)(utils?|helpers?|commons?|types?|misc)(\.ts$|\/)/

const files = await sources("src", "partitioners")
const imports = files.flatMap(({ path, text }) => importsOf(path, text))

describe("imports", () => {
  test("are found in every form", () => {
    const text = [
      'import { a } from "one"',
      'import type { B } from "two/part"',
      'import "./three.ts"',
      "export {",
      "  c,",
      '} from "../four.ts"',
      'const five = await import("@scope/five/part")',
      'import type { S } from "six"; import {',
      '  seven } from "seven"',
    ].join("\n")
    const found = importsOf("src/x/y.ts", text)
    const targets = ["one", "two/part", "src/x/three.ts", "src/four.ts", "@scope/five/part", "six"]
    for (const target of targets) expect(found.map((one) => one.target)).toContain(target)
    expect(found.map(packageOf)).toContain("@scope/five")
  })

  test("are read from the real sources", () => {
    expect(files.length).toBeGreaterThan(20)
    expect(imports.map(packageOf)).toContain("valibot")
  })

  for (const [name, allowed] of Object.entries(rooms)) {
    test(`of ${name} stay in ${allowed.join(", ")}`, () => {
      const strays = imports.filter((one) => packageOf(one) === name && !isIn(one.from, allowed))
      expect(strays.map(described)).toEqual([])
    })
  }

  test("of the pure core stay within it: no I/O, no package, no runtime", () => {
    const inside = imports.filter(({ from }) => isIn(from, pure))
    const strays = inside.filter(({ relative, target }) => !(relative && isIn(target, pure)))
    expect(strays.map(described)).toEqual([])
  })

  test("of built-in plugins are those that anybody's plugin could have", () => {
    const inside = imports.filter(({ from }) => from.startsWith("partitioners/"))
    const strays = inside.filter(({ target }) => !isIn(target, [...forPlugins, "partitioners/"]))
    expect(strays.map(described)).toEqual([])
  })

  test("of the consumer SDK need nothing of what serves, routes or coordinates", () => {
    const inside = imports.filter(
      ({ from, relative }) => relative && from.startsWith("src/client/"),
    )
    expect(inside.length).toBeGreaterThan(20)
    expect(inside.filter(({ target }) => !isIn(target, forConsumers)).map(described)).toEqual([])
  })

  test("of sources do not reach into tests and benches", () => {
    const strays = imports.filter(({ target }) => isIn(target, ["test/", "bench/"]))
    expect(strays.map(described)).toEqual([])
  })
})

describe("files", () => {
  test(`have at most ${linesMax} lines`, () => {
    const long = files.filter(({ text }) => text.trimEnd().split("\n").length > linesMax)
    expect(long.map(({ path }) => path)).toEqual([])
  })

  test("are named after a concept", async () => {
    const all = [...files, ...(await sources("test", "bench"))]
    expect(all.map(({ path }) => path).filter((path) => dumpingGrounds.test(path))).toEqual([])
    const named = ["src/utils.ts", "src/types/a.ts", "src/x/helper.ts"]
    expect(named.filter((path) => !dumpingGrounds.test(path))).toEqual([])
    const wellNamed = ["src/partition-types.ts", "src/common-key/a.ts"]
    expect(wellNamed.filter((path) => dumpingGrounds.test(path))).toEqual([])
  })

  test("silence neither the compiler nor the linter", () => {
    const silencing = /@ts-(ignore|nocheck|expect-error)|biome-ignore/
    expect(files.filter(({ text }) => silencing.test(text)).map(({ path }) => path)).toEqual([])
  })
})

async function sources(...folders: readonly string[]): Promise<{ path: string; text: string }[]> {
  const glob = new Bun.Glob(`{${folders.join(",")}}/**/*.ts`)
  const paths = (await Array.fromAsync(glob.scan({ cwd: root }))).sort()
  return Promise.all(
    paths.map(async (path) => ({ path, text: await Bun.file(join(root, path)).text() })),
  )
}

function isIn(path: string, places: readonly string[]): boolean {
  return places.some((place) => path.startsWith(place))
}

function described({ from, target }: Import): string {
  return `${from} imports ${target}`
}
