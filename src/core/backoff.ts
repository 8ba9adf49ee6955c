/** Exponential backoff with jitter, so that many who failed together do not come back together. */
export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * The wait before the next try: it doubles with each failure up to `maxMs`, and is then shortened by
 * up to a half at random.
 *
 * @param failures failures in a row so far, 1 or more
 * @param random 0 <= random < 1
 */
export function backoffDelayMs(
  { firstMs, maxMs }: Backoff,
  failures: number,
  random: number,
): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30))
  return full * (1 - random / 2)
}
