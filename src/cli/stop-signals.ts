const signals = ["SIGINT", "SIGTERM"] as const

/**
 * Two signals closer together than this are one request to end: Ctrl-C reaches every process of a
 * terminal's group, and a launcher such as npm passes it on a second time.
 */
export const sameRequestMs = 1_000

/**
 * Watches for the signals that ask a process to end. The promise settles at the first one; at one
 * that comes later than `sameRequestMs` after it the process exits at once with 1, as whoever asks
 * twice does not want to wait.
 */
export function stopSignals(): Promise<(typeof signals)[number]> {
  return new Promise((resolve) => {
    let askedMs: number | undefined
    for (const signal of signals) {
      process.on(signal, () => {
        const nowMs = performance.now()
        if (askedMs !== undefined && nowMs - askedMs >= sameRequestMs) process.exit(1)
        askedMs ??= nowMs
        resolve(signal)
      })
    }
  })
}
