import { existsSync } from "node:fs"
import { randomFrom } from "./seed.ts"

/** A change of a file: keyed by the file, numbered 1, 2, 3, … within it. */
export interface FileChange {
  readonly key: string
  readonly revision: number
  /** The event as it is published. */
  readonly text: string
}

const realEvents = new URL("../../../shared/data/file-changes.ndjson.gz", import.meta.url)
/** As many as there are real ones, of about as many keys, as skewed. */
const generatedCount = 45_944
const generatedKeys = 7_806

/** Real events where they are at hand; else generated ones of the same shape, with a notice. */
export async function fileChanges(): Promise<readonly FileChange[]> {
  if (!existsSync(realEvents)) {
    console.warn("no file-changes.ndjson.gz beside the project: generated events stand in")
    return generatedChanges(generatedCount, generatedKeys)
  }
  const text = Buffer.from(Bun.gunzipSync(await Bun.file(realEvents).bytes())).toString()
  return text.trimEnd().split("\n").map(parsed)
}

function parsed(text: string): FileChange {
  const { file, revision } = JSON.parse(text) as { file: { key: string }; revision: number }
  return { key: file.key, revision, text }
}

/** Events of `keys` files, few of which change often (Zipf), always the same for the same arguments. */
export function generatedChanges(count: number, keys: number): readonly FileChange[] {
  const random = randomFrom(count)
  const revisions = new Map<string, number>()
  return Array.from({ length: count }, () => {
    const rank = Math.floor(keys ** random.next()) - 1
    const key = `project/file-${rank}.ts`
    const revision = (revisions.get(key) ?? 0) + 1
    revisions.set(key, revision)
    const event = { type: "file.changed", file: { path: `file-${rank}.ts`, key }, revision }
    return { key, revision, text: JSON.stringify(event) }
  })
}
