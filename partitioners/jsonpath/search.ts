import { JSONPath } from "jsonpath-plus"
import type { Segment, Selector } from "./parse-path.ts"

/** What the library reports of a match, as far as it matters here. */
interface Match {
  readonly value: unknown
  readonly parent: unknown
  readonly parentProperty: string | number | null
}

/**
 * The path written so that the library's looser reading cannot mistake it: only plain names go
 * dotted. Others go as a union with themselves, which is the form whose members it takes literally.
 *
 * @throws {SyntaxError} for what the library cannot say
 */
export function searchPath(segments: readonly Segment[]): string {
  return `$${segments.map((segment) => (segment.descends ? ".." : "") + written(segment)).join("")}`
}

/** The first match, in document order, that is neither null nor missing. */
export function firstMatch(root: unknown, path: string): unknown {
  if (typeof root !== "object" || root === null) return undefined
  const matches = JSONPath({ path, json: root, eval: false, resultType: "all" }) as Match[]
  return matches.find((match) => match.value != null && exists(match))?.value
}

/** The library also finds the characters and the length of a string, and the length of an array. */
function exists({ parent, parentProperty }: Match): boolean {
  if (Array.isArray(parent)) return Number.isInteger(Number(parentProperty))
  return typeof parent !== "string"
}

const plainName = /^[\p{L}_][\p{L}\p{N}_]*$/u

function written({ selectors, descends }: Segment): string {
  const [first] = selectors
  if (first === undefined) throw new SyntaxError("brackets without a selector")
  if (selectors.length === 1) {
    if (first.kind === "name" && plainName.test(first.name))
      return `${descends ? "" : "."}${first.name}`
    if (first.kind === "name") return `[${literal(first.name)},${literal(first.name)}]`
    return `[${described(first)}]`
  }
  if (selectors.every(({ kind }) => kind === "name"))
    return `[${selectors.map(described).join(",")}]`
  if (selectors.every(({ kind }) => kind === "index"))
    return `[${selectors.map(described).join(",")}]`
  throw new SyntaxError("a union must be of names only or of indexes only")
}

function described(selector: Selector): string {
  switch (selector.kind) {
    case "name":
      return literal(selector.name)
    case "index":
      return String(selector.index)
    case "slice":
      return selector.slice
    case "wildcard":
      return "*"
  }
}

function literal(name: string): string {
  if (/[@()]/.test(name)) {
    throw new SyntaxError(
      `the name "${name}" has one of @ ( ), which only a definite path can have`,
    )
  }
  return `'${name.replace(/['\\]/g, "\\$&")}'`
}
