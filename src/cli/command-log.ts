import type { Config } from "../config/config.ts"
import { configSecrets } from "../log/config-secrets.ts"
import { createLog, type Log } from "../log.ts"
import { installSafetyNet } from "./safety-net.ts"

/**
 * The log of a command that talks to the broker, with a net under it; to be made once a process. What
 * a service tells of its ordinary life (`info`, the default) is noise beside a command's result.
 */
export function commandLog(config: Config): Log {
  const level = config.log.level === "info" ? "warn" : config.log.level
  const log = createLog({ level, secrets: configSecrets(config) })
  installSafetyNet(log)
  return log
}
