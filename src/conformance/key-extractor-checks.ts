import type { GenericSchema } from "valibot"
import { InvalidKey, type KeyValue, keyBytes } from "../core/key.ts"
import { InvalidJson, type MessageView } from "../core/message.ts"
import type { KeyExtractor, KeyExtractorPlugin } from "../plugin/contract.ts"
import { parseOptions } from "../plugin/parse-options.ts"
import { type Check, ConformanceFailure } from "./check.ts"
import { type ExampleMessage, exampleMessage } from "./example-message.ts"
import { optionChecks } from "./option-checks.ts"

export interface KeyExtractorCheckSettings {
  /** As they would stand beside `use`. @default {} */
  readonly options?: Readonly<Record<string, unknown>>
  /** Options that the plugin must refuse. @default [] */
  readonly refusedOptions?: readonly Readonly<Record<string, unknown>>[]
  /** Messages with the key that must be found in them. */
  readonly found: readonly { readonly message: ExampleMessage; readonly key: KeyValue }[]
  /** Messages without a key. */
  readonly missing: readonly ExampleMessage[]
}

/**
 * That an extractor finds the keys it should, nothing else, always the same, and leaves no trace.
 */
export function keyExtractorChecks<Options>(
  plugin: KeyExtractorPlugin<Options>,
  { options = {}, refusedOptions = [], found, missing }: KeyExtractorCheckSettings,
): readonly Check[] {
  const create = () =>
    plugin.create(parseOptions(plugin, { ...options, use: plugin.name }) as Options)
  const examples = [...found.map(({ message }) => message), ...missing]
  return [
    ...optionChecks(plugin as { name: string; options?: GenericSchema }, options, refusedOptions),
    { name: "finds the key", run: () => findsKeys(create(), found) },
    { name: "finds no key where there is none", run: () => findsNone(create(), missing) },
    {
      name: "finds the same key whatever it was asked before",
      run: () => isPure(create, examples),
    },
    { name: "leaves the message as it was", run: () => leavesNoTrace(create(), examples) },
    {
      name: "rejects a broken message with InvalidKey or InvalidJson",
      run: () => rejects(create()),
    },
  ]
}

function findsKeys(extract: KeyExtractor, found: KeyExtractorCheckSettings["found"]): void {
  for (const [at, { message, key }] of found.entries()) {
    expectKey(`message ${at} of "found"`, outcome(extract, exampleMessage(message)), text(key))
  }
}

function findsNone(extract: KeyExtractor, missing: readonly ExampleMessage[]): void {
  for (const [at, message] of missing.entries()) {
    expectKey(`message ${at} of "missing"`, outcome(extract, exampleMessage(message)), "no key")
  }
}

function isPure(create: () => KeyExtractor, examples: readonly ExampleMessage[]): void {
  const extract = create()
  const first = examples.map((message) => outcome(extract, exampleMessage(message)))
  for (const [at, message] of [...examples.entries()].reverse()) {
    expectKey(`message ${at}, asked again`, outcome(extract, exampleMessage(message)), first[at]!)
    expectKey(
      `message ${at}, another instance`,
      outcome(create(), exampleMessage(message)),
      first[at]!,
    )
  }
}

function leavesNoTrace(extract: KeyExtractor, examples: readonly ExampleMessage[]): void {
  for (const [at, example] of examples.entries()) {
    const message = exampleMessage({ ...example, ...frozenHeaders(example) })
    const bodyBefore = message.body.slice()
    const jsonBefore = jsonText(message)
    outcome(extract, message)
    if (Buffer.compare(bodyBefore, message.body) !== 0 || jsonBefore !== jsonText(message)) {
      throw new ConformanceFailure(`the extractor changed the body of message ${at}`)
    }
  }
}

const brokenBodies = ["", "{", "null", "[]", "0", '"text"', Uint8Array.of(0xff, 0xfe)]

function rejects(extract: KeyExtractor): void {
  for (const body of brokenBodies) {
    const key = outcome(extract, exampleMessage({ body }))
    if (key.startsWith("threw ")) {
      throw new ConformanceFailure(
        `a message with the body ${text(body)} made the extractor ${key}`,
      )
    }
  }
}

/** The key as text, or why there is none. Foreign errors are told apart by "threw". */
function outcome(extract: KeyExtractor, message: MessageView): string {
  try {
    const value: unknown = extract(message)
    return value === undefined ? "no key" : text(value)
  } catch (error) {
    if (error instanceof InvalidKey || error instanceof InvalidJson) return error.code
    return `threw ${error instanceof Error ? error.name : typeof error}`
  }
}

/** The canonical bytes of a key in hexadecimal; the empty key is none. */
function text(value: unknown): string {
  const key = keyBytes(value)
  return key === undefined ? "no key" : `key 0x${Buffer.from(key).toString("hex")}`
}

function expectKey(where: string, actual: string, expected: string): void {
  if (actual === expected) return
  throw new ConformanceFailure(`${where}: expected ${expected}, the extractor gave ${actual}`)
}

function jsonText(message: MessageView): string {
  try {
    return JSON.stringify(message.json(), (_name, value) =>
      typeof value === "bigint" ? String(value) : value,
    )
  } catch {
    return "not JSON"
  }
}

/** Writing to a frozen table throws, which shows as a different outcome. */
function frozenHeaders({ headers }: ExampleMessage): ExampleMessage {
  return headers === undefined ? {} : { headers: Object.freeze({ ...headers }) }
}
