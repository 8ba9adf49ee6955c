/**
 * Waits for something, but not for ever.
 * @throws what `late` makes when it takes longer than that
 */
export async function within<T>(
  timeoutMs: number,
  waited: Promise<T>,
  late: () => Error,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), timeoutMs)
  })
  try {
    return await Promise.race([waited, timeout])
  } finally {
    clearTimeout(timer)
  }
}
