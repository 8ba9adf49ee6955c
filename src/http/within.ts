/** The promise did not settle in time. It goes on all the same. */
export const late = Symbol("late")

/** What a promise gives, or `late` after `timeoutMs`. */
export function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | typeof late> {
  let timer: ReturnType<typeof setTimeout>
  const deadline = new Promise<typeof late>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, late)
  })
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer))
}
