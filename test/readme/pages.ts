import { join } from "node:path"

export const root = join(import.meta.dir, "../..")

/** A page of the documentation. */
export interface Page {
  /** From the project's root: `docs/http.md`. */
  readonly path: string
  readonly text: string
}

/** The README and everything it leads to. */
export async function allPages(): Promise<readonly Page[]> {
  const docs = await Array.fromAsync(new Bun.Glob("docs/*.md").scan({ cwd: root }))
  return Promise.all(["README.md", "CONTRIBUTING.md", ...docs.sort()].map(readPage))
}

export async function readPage(path: string): Promise<Page> {
  return { path, text: await Bun.file(join(root, path)).text() }
}

/** The lines outside code blocks: what is prose, headings and tables. */
export function prose({ text }: Page): string {
  return text.replace(/^```.*?^```$/gms, "")
}

/** The code block whose first line names that file: ```` ```ts my-partitioner.ts ````. */
export function codeBlock({ path, text }: Page, file: string): string {
  const blocks = [...text.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)]
  const found = blocks.find(([, name]) => name === file)?.[2]
  if (found === undefined) throw new Error(`${path} has no code block for ${file}`)
  return found
}

/** One row of a table, without backticks. */
export interface Row {
  /** The heading above the table. */
  readonly section: string
  /** The table's own headings. */
  readonly heads: readonly string[]
  readonly cells: readonly string[]
}

/** The rows of every table of a page, without the tables' own headings. */
export function rows(page: Page): readonly Row[] {
  let section = ""
  let heads: readonly string[] = []
  let above = ""
  const found: Row[] = []
  for (const line of prose(page).split("\n")) {
    section = /^#+ (.*)/.exec(line)?.[1]?.replaceAll("`", "") ?? section
    if (!line.startsWith("|")) heads = []
    else if (/^\|( -+ \|)+$/.test(line)) heads = cellsOf(above)
    else if (heads.length > 0) found.push({ section, heads, cells: cellsOf(line) })
    above = line
  }
  return found
}

/** The first cells of the rows below a heading. */
export function firstCells(page: Page, section: string): string[] {
  const cells = rows(page).flatMap((row) => (row.section === section ? [row.cells[0]!] : []))
  if (cells.length === 0) throw new Error(`${page.path} has no table below "${section}"`)
  return cells
}

function cellsOf(line: string): string[] {
  const inner = line.replace(/^\| ?| ?\|$/g, "")
  return inner
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("`", "").replaceAll("\\|", "|"))
}
