import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { temporaryFolder } from "../config/temporary-folder.ts"
import { unique } from "../support/unique.ts"
import type { PartymqOptions } from "./partymq.ts"

export type TopicInput = ConfigInput["topics"][string]
type Settings = Omit<ConfigInput, "topics">

/** Quick to declare; for tests that are not about queue types. */
export const classic = { queue: { type: "classic" } } as const
export const classicDeadLetter = { type: "classic" } as const

/** A folder outside the project with a configuration of one topic that nobody else has. */
export function topicFolder(
  url: string,
  input: TopicInput,
  more: { files?: { readonly [name: string]: string }; settings?: Settings } = {},
) {
  const topic = unique("orders")
  const folder = temporaryFolder(more.files)
  const configure = (changed: TopicInput, settings: Settings = more.settings ?? {}) => {
    const config: ConfigInput = {
      http: { host: "127.0.0.1", port: 0 },
      ...settings,
      topics: { [topic]: changed },
    }
    writeFileSync(join(folder.path, "partymq.config.json"), JSON.stringify(config))
  }
  configure(input)
  const options: PartymqOptions = {
    folder: folder.path,
    environment: { PARTYMQ_AMQP_URL: url, LOG_LEVEL: "info" },
  }
  return { topic, options, configure, [Symbol.dispose]: () => folder[Symbol.dispose]() }
}
