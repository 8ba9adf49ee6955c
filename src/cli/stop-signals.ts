const signals = ["SIGINT", "SIGTERM"] as const

/**
 * Watches for the signals that ask a process to end. The promise settles at the first one; at the
 * second the process exits at once with 1, as whoever sends it twice does not want to wait.
 */
export function stopSignals(): Promise<(typeof signals)[number]> {
  return new Promise((resolve) => {
    let isAsked = false
    for (const signal of signals) {
      process.on(signal, () => {
        if (isAsked) process.exit(1)
        isAsked = true
        resolve(signal)
      })
    }
  })
}
