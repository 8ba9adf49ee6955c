import { dirname } from "node:path"

/** Files that one process runs, one after the other. */
export interface TestBatch {
  /** A file or a folder, for people. */
  readonly name: string
  readonly files: readonly string[]
}

/**
 * Shares test files out, what takes longest first. Each of `longFiles` is a batch of its own and begins
 * early, so that no process is left with it at the end; the others of a folder go together, which saves
 * starts.
 * @throws {Error} when one of `longFiles` does not exist
 */
export function testBatches(
  files: readonly string[],
  longFiles: readonly string[],
): readonly TestBatch[] {
  const strays = longFiles.filter((file) => !files.includes(file))
  if (strays.length > 0) throw new Error(`${strays.join(", ")}: listed as long, but not there`)
  const others = files.filter((file) => !longFiles.includes(file)).sort()
  const folders = Object.entries(Object.groupBy(others, dirname))
  const gathered = folders.map(([name, some = []]) => ({ name, files: some }))
  return [
    ...longFiles.map((file) => ({ name: file, files: [file] })),
    ...gathered.sort((one, other) => other.files.length - one.files.length),
  ]
}
