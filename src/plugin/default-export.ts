import { pathToFileURL } from "node:url"
import { bounds } from "../core/bounds.ts"
import { within } from "../within.ts"

/**
 * Runs a module that is not ours and answers its default export, `undefined` where it has none.
 * @throws what the module throws, or that it takes longer than `timeoutMs`
 */
export async function defaultExport(
  file: string,
  timeoutMs: number = bounds.moduleLoadTimeoutMs,
): Promise<unknown> {
  const loading: Promise<{ readonly default?: unknown }> = import(pathToFileURL(file).href)
  const late = () =>
    new Error(`it takes over ${timeoutMs} ms; a top-level await of its may never end`)
  return (await within(timeoutMs, loading, late)).default
}
