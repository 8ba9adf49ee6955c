const quietMs = 1_000
const stepMs = 200

/**
 * Waits for something and, once that takes over a second, shows on a terminal what is waited for and
 * for how long. Elsewhere than on a terminal nothing is written.
 * @param what what is waited for; a function is asked each time
 */
export async function withProgress<T>(
  what: string | (() => string),
  waited: Promise<T>,
): Promise<T> {
  const { stderr } = process
  if (!stderr.isTTY) return waited
  const startedMs = performance.now()
  let isShown = false
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - startedMs
    if (elapsedMs < quietMs) return
    isShown = true
    stderr.write(
      `\r\x1b[K${typeof what === "string" ? what : what()} (${Math.floor(elapsedMs / 1000)} s)`,
    )
  }, stepMs)
  try {
    return await waited
  } finally {
    clearInterval(timer)
    if (isShown) stderr.write("\r\x1b[K")
  }
}
