import { unnoticedRejections } from "../log/unnoticed-rejections.ts"
import type { Log } from "../log.ts"

/**
 * The last resort for errors that nobody caught. A rejection is logged and survived: libraries leave
 * some behind when a connection breaks. After an exception nothing is certain, so the process ends;
 * what it had not acked the broker delivers again.
 */
export function installSafetyNet(log: Log): void {
  process.on(
    "unhandledRejection",
    unnoticedRejections(log, () => performance.now()),
  )
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "an error that nobody caught; the process ends")
    process.exit(1)
  })
}
