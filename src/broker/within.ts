import { BrokerError } from "./broker-error.ts"

/**
 * The promise's result, or a `BrokerError` with code `timeout` once the time is over; what comes
 * later is ignored, rejections included.
 */
export async function within<T>(timeoutMs: number, promise: Promise<T>, doing: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    const late = () => reject(new BrokerError(`${doing} took over ${timeoutMs} ms`, "timeout"))
    timer = setTimeout(late, timeoutMs)
  })
  promise.catch(() => {})
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}
