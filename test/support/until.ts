import { inspect } from "bun"

export interface UntilOptions {
  /** What is waited for, for the failure message: `the queue to be empty`. */
  readonly what: string | (() => string)
  /** @default 10_000 */
  readonly timeoutMs?: number
  /** @default 20 */
  readonly intervalMs?: number
}

/**
 * Waits until a condition yields something truthy and returns that. A condition that throws counts
 * as not fulfilled yet.
 * @throws {Error} after `timeoutMs`, with what was waited for and what the condition said last
 */
export async function until<Value>(
  condition: () => Value | Promise<Value>,
  { what, timeoutMs = 10_000, intervalMs = 20 }: UntilOptions,
): Promise<NonNullable<Value>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const last = await attempt(condition)
    if ("value" in last && last.value) return last.value
    if (performance.now() >= deadline) {
      const subject = typeof what === "string" ? what : what()
      const said = "value" in last ? `yields ${inspect(last.value)}` : `throws ${last.message}`
      throw new Error(`waited ${timeoutMs} ms for ${subject}; the condition ${said}`)
    }
    await Bun.sleep(intervalMs)
  }
}

async function attempt<Value>(
  condition: () => Value | Promise<Value>,
): Promise<{ value: Value } | { message: string }> {
  try {
    return { value: await condition() }
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error) }
  }
}
