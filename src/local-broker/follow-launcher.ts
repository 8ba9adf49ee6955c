const checkIntervalMs = 500

/** Carries the pid of the process that launched this one, when it wants to be followed. */
export const launcherVariable = "PARTYMQ_LAUNCHER_PID"

/**
 * Calls `onGone` once when the process that launched this one ends, however it ends: a `kill -9` of
 * `npm start` should not leave the router behind. Does nothing when this process was started in
 * another way, so that it can outlive a shell.
 */
export function followLauncher(onGone: () => void): void {
  if (process.env[launcherVariable] !== String(process.ppid)) return
  const launcher = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === launcher) return
    clearInterval(timer)
    onGone()
  }, checkIntervalMs)
  timer.unref()
}
