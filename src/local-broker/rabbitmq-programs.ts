import { existsSync, readdirSync, realpathSync } from "node:fs"
import { dirname, join } from "node:path"

/** Paths of what a private node needs. */
export interface RabbitmqPrograms {
  readonly server: string
  readonly ctl: string
  readonly epmd: string
}

/**
 * The scripts behind the wrappers of distributions' packages: the wrappers change to the user
 * `rabbitmq` and its directories.
 */
const unwrappedDirectories = ["/usr/lib/rabbitmq/bin"]
/** Where package managers put the scripts although it is not on everybody's PATH. */
const furtherDirectories = ["/opt/homebrew/sbin", "/usr/local/sbin", "/usr/sbin"]

/** RabbitMQ's programs on this machine; `undefined` unless all are there. */
export function rabbitmqPrograms(): RabbitmqPrograms | undefined {
  const path = (process.env.PATH ?? "").split(":").filter((directory) => directory !== "")
  for (const directory of [...unwrappedDirectories, ...path, ...furtherDirectories]) {
    const server = join(directory, "rabbitmq-server")
    const ctl = join(directory, "rabbitmqctl")
    if (!existsSync(server) || !existsSync(ctl)) continue
    const epmd = Bun.which("epmd") ?? epmdBesideErl()
    if (epmd) return { server, ctl, epmd }
  }
  return undefined
}

/** A generic Erlang keeps its port mapper in `erts-{version}/bin`, with `erl` in `bin` beside it. */
function epmdBesideErl(): string | undefined {
  const erl = Bun.which("erl") ?? ["/opt/homebrew/bin/erl", "/usr/local/bin/erl"].find(existsSync)
  if (!erl) return undefined
  const root = dirname(dirname(realpathSync(erl)))
  const candidates = readdirSync(root).filter((name) => name.startsWith("erts-"))
  return ["bin", ...candidates.map((name) => join(name, "bin"))]
    .map((directory) => join(root, directory, "epmd"))
    .find(existsSync)
}
