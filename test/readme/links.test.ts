import { describe, expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { allPages, type Page, prose, root } from "./pages.ts"

const pages = await allPages()

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-")

const anchors = (page: Page): string[] =>
  [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!))

/** The page and anchor that a link leads to; `undefined` for links that leave the project. */
function target(from: Page, link: string): { path: string; anchor: string } | undefined {
  if (/^https?:/.test(link)) return undefined
  const [file = "", anchor = ""] = link.split("#")
  const path = file === "" ? from.path : relative(root, join(root, dirname(from.path), file))
  return { path, anchor }
}

function isBroken(from: Page, link: string): boolean {
  const to = target(from, link)
  if (to === undefined) return false
  if (!existsSync(join(root, to.path))) return true
  const page = pages.find(({ path }) => path === to.path)
  return to.anchor !== "" && !(page && anchors(page).includes(to.anchor))
}

describe("in the documentation", () => {
  test("every link leads to a page and a heading that are there", () => {
    const links = pages.flatMap((page) =>
      [...prose(page).matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => ({ page, link: link! })),
    )
    expect(links.length).toBeGreaterThan(50)
    const broken = links.filter(({ page, link }) => isBroken(page, link))
    expect(broken.map(({ page, link }) => `${page.path}: ${link}`)).toEqual([])
  })

  test("every page is reached from the README", () => {
    const readme = pages.find(({ path }) => path === "README.md")!
    const linked = [...prose(readme).matchAll(/\]\(([^)]+)\)/g)].map(
      ([, link]) => target(readme, link!)?.path,
    )
    for (const { path } of pages) if (path !== "README.md") expect(linked).toContain(path)
  })

  test("every source file that is named is there", () => {
    const named = pages.flatMap((page) =>
      [...prose(page).matchAll(/`((?:src|test|partitioners)(?:\/[\w.-]+)*)`/g)].map(
        ([, path]) => path!,
      ),
    )
    expect(named.length).toBeGreaterThan(30)
    const examples = /your-name/
    const gone = named.filter((path) => !examples.test(path) && !existsSync(join(root, path)))
    expect(gone).toEqual([])
  })

  test("everything that is said to be in a file is declared there", () => {
    const said = pages.flatMap((page) => [
      ...prose(page).matchAll(/`(\w+)`[,\s]+\(?`((?:src|test)\/[\w./-]+\.ts)`/g),
    ])
    expect(said.length).toBeGreaterThan(20)
    const wrong = said.filter(([, name, path]) => {
      const source = readFileSync(join(root, path!), "utf8")
      return !new RegExp(`\\b(function|class|const|type|interface) ${name}\\b`).test(source)
    })
    expect(wrong.map(([text]) => text)).toEqual([])
  })

  test("nothing is measured in a place that nobody else has", () => {
    for (const { text } of pages) expect(text).not.toMatch(/\/work\/|\/tmp\//)
  })
})
