import { parseConfig } from "../../src/config/parse-config.ts"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { createLog, type Log } from "../../src/log.ts"
import { createRouter, type Router, type RouterOptions } from "../../src/router.ts"

/** A log that nobody reads; `PARTYMQ_TEST_LOG=debug` shows it. */
export const quietLog: Log = createLog({
  level: (process.env.PARTYMQ_TEST_LOG ?? "silent") as "silent",
})

/** A router that is connected and routes; whoever asks for it stops it. */
export async function startedRouter(
  input: ConfigInput,
  options: Partial<RouterOptions> = {},
): Promise<Router> {
  const router = await newRouter(input, options)
  await router.start()
  return router
}

/** A router that has not been started. */
export function newRouter(
  input: ConfigInput,
  options: Partial<RouterOptions> = {},
): Promise<Router> {
  return createRouter(parseConfig(input), { log: quietLog, baseDir: import.meta.dir, ...options })
}
