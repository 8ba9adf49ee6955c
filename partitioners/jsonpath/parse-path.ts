/** What one pair of brackets, or one dotted name, picks. */
export type Selector =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "slice"; readonly slice: string }
  | { readonly kind: "wildcard" }

/** One step of a path; several selectors are a union. */
export interface Segment {
  /** At any depth (`..`), not only among the children. */
  readonly descends: boolean
  readonly selectors: readonly Selector[]
}

const dottedName = /[\p{L}\p{N}_$-]+/uy
const space = /[ \t\r\n]*/y
const quoted = /'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"/suy
const slice = /-?\d*\s*:\s*-?\d*(?:\s*:\s*-?\d*)?/y
const integer = /-?(?:0|[1-9]\d*)(?![\p{L}\p{N}_])/uy

/**
 * Parses a JSONPath: RFC 9535 without filters. Names, quoted names with the escapes of JSON (and
 * `\'`), indexes, slices, wildcards, unions and descendants.
 *
 * @throws {SyntaxError} that says where and why
 */
export function parsePath(text: string): readonly Segment[] {
  if (text[0] !== "$") throw failed(0, 'a path starts with "$"')
  const segments: Segment[] = []
  let at = 1
  while (at < text.length) {
    const dots = text.startsWith("..", at) ? 2 : text[at] === "." ? 1 : 0
    const start = at + dots
    const parsed =
      text[start] === "[" && dots !== 1 ? brackets(text, start) : dotted(text, at, dots)
    segments.push({ descends: dots === 2, selectors: parsed.selectors })
    at = parsed.end
  }
  return segments
}

interface Parsed {
  readonly selectors: readonly Selector[]
  readonly end: number
}

function dotted(text: string, at: number, dots: number): Parsed {
  const start = at + dots
  if (dots === 0) throw failed(at, `"." or "[" must follow, not "${text[at]}"`)
  if (text[start] === "*") return { selectors: [{ kind: "wildcard" }], end: start + 1 }
  const name = matched(dottedName, text, start)?.[0]
  if (name === undefined) {
    throw failed(start, `a name must follow the dot; names with other characters go in ['...']`)
  }
  return { selectors: [{ kind: "name", name }], end: start + name.length }
}

function brackets(text: string, start: number): Parsed {
  const selectors: Selector[] = []
  let at = start
  do {
    at = afterSpace(text, at + 1)
    const [selector, end] = selectorAt(text, at)
    selectors.push(selector)
    at = afterSpace(text, end)
  } while (text[at] === ",")
  if (text[at] !== "]") throw failed(at, `"]" or "," is missing`)
  return { selectors, end: at + 1 }
}

function selectorAt(text: string, at: number): [Selector, number] {
  if (text[at] === "*") return [{ kind: "wildcard" }, at + 1]
  if (text[at] === "?" || text[at] === "(") {
    throw failed(at, "filter and script expressions are not supported: paths are never evaluated")
  }
  const name = matched(quoted, text, at)
  if (name !== undefined) {
    return [{ kind: "name", name: unescaped(name[1] ?? name[2]!, at) }, at + name[0].length]
  }
  const range = matched(slice, text, at)?.[0]
  if (range !== undefined)
    return [{ kind: "slice", slice: range.replace(/\s/g, "") }, at + range.length]
  const digits = matched(integer, text, at)?.[0]
  if (digits === undefined) throw failed(at, "a quoted name, an index, a slice or * must be here")
  return [indexed(Number(digits)), at + digits.length]
}

/** From the end, an index is a slice of one. */
const indexed = (index: number): Selector =>
  index >= 0
    ? { kind: "index", index }
    : { kind: "slice", slice: index === -1 ? "-1:" : `${index}:${index + 1}` }

function unescaped(body: string, at: number): string {
  const json = body.replace(/\\.|"/gsu, (part) =>
    part === '"' ? '\\"' : part === "\\'" ? "'" : part,
  )
  try {
    return JSON.parse(`"${json}"`)
  } catch {
    throw failed(at, "a quoted name has an escape that JSON does not know")
  }
}

function matched(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}

const afterSpace = (text: string, at: number): number => at + matched(space, text, at)![0].length

const failed = (at: number, reason: string): SyntaxError =>
  new SyntaxError(`at character ${at + 1}: ${reason}`)
