const checkIntervalMs = 50

/**
 * Waits for a condition, however long it takes, as long as something moves now and then.
 * @param progress changes whenever something has moved
 * @returns whether it came about; `false` once nothing has moved for so long
 */
export async function whileMoving(
  isDone: () => boolean,
  progress: () => string | number,
  standstillMs: number,
): Promise<boolean> {
  let last = progress()
  let sinceMs = performance.now()
  while (!isDone()) {
    if (performance.now() - sinceMs >= standstillMs) return false
    await Bun.sleep(checkIntervalMs)
    const now = progress()
    if (now !== last) sinceMs = performance.now()
    last = now
  }
  return true
}
