import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A folder of its own outside the project, with these files, that is gone once it is disposed. */
export function temporaryFolder(files: { readonly [name: string]: string } = {}) {
  const path = mkdtempSync(join(tmpdir(), "partymq-test-"))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
  return {
    path,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}
