import type { Config } from "../config/config.ts"
import { configSecrets } from "../log/config-secrets.ts"
import { createLog, type Log } from "../log.ts"
import { installSafetyNet } from "./safety-net.ts"

/** The log of a command that talks to the broker, with a net under it; to be made once a process. */
export function commandLog(config: Config): Log {
  const log = createLog({ level: config.log.level, secrets: configSecrets(config) })
  installSafetyNet(log)
  return log
}
