import { expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { withFigures } from "../../bench/readme-section.ts"
import type { ResultDocument } from "../../bench/result-document.ts"
import { readPage, root } from "../readme/pages.ts"

const file = join(root, "bench/results/results.json")

test.skipIf(!existsSync(file))(
  "the README's figures are those that the bench wrote last",
  async () => {
    const { text } = await readPage("README.md")
    expect(withFigures(text, (await Bun.file(file).json()) as ResultDocument)).toBe(text)
  },
)
