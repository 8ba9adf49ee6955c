import type { ConfigInput } from "./schema/config-schema.ts"

/** Gives a configuration file its types: `export default defineConfig({ topics: { orders: {} } })`. */
export function defineConfig(input: ConfigInput): ConfigInput {
  return input
}
