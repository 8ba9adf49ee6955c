import { afterAll, setDefaultTimeout } from "bun:test"
import { followLauncher } from "../src/local-broker/follow-launcher.ts"
import { stopTestBroker } from "./support/broker.ts"
import { childProcesses } from "./support/child-processes.ts"
import { until } from "./support/until.ts"

setDefaultTimeout(30_000)
followLauncher(() => process.exit(1))

afterAll(async () => {
  await stopTestBroker()
  await until(() => childProcesses().length === 0, {
    what: () => `the processes that tests started to end: ${childProcesses().join(", ")}`,
    timeoutMs: 5_000,
  })
})
