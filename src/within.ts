/**
 * Waits for a promise, but not for ever. What the promise does later is ignored, rejections included.
 * @throws what `late` makes once `timeoutMs` is over
 */
export async function within<T>(
  timeoutMs: number,
  promise: Promise<T>,
  late: () => Error,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), timeoutMs)
  })
  promise.catch(() => {})
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}
