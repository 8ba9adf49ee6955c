import { basename, join } from "node:path"
import type { Broker } from "../local-broker/broker.ts"

/**
 * Where `partymq dev` keeps the configuration that it runs with. Another one in the same folder has a
 * private broker in a directory of its own (`broker-2`), and must not point the first one's commands to it.
 */
export function devConfigFile(
  stateFolder: string,
  { directory }: Pick<Broker, "directory">,
): string {
  const number = /^broker(-\d+)$/.exec(basename(directory ?? ""))?.[1] ?? ""
  return join(stateFolder, `config${number}.json`)
}
