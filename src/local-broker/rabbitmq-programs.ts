import { existsSync, readdirSync, realpathSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { LocalBrokerError } from "./local-broker-error.ts"

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

/** Names the directory of the RabbitMQ that is to be used, where a machine has several. */
export const directoryVariable = "PARTYMQ_RABBITMQ_BIN"

/**
 * RabbitMQ's programs on this machine; `undefined` unless all are there.
 * @throws {LocalBrokerError} `no_broker` when `PARTYMQ_RABBITMQ_BIN` names a directory without them:
 *   another RabbitMQ than the one that was asked for would be a surprise
 */
export function rabbitmqPrograms(): RabbitmqPrograms | undefined {
  const given = process.env[directoryVariable]
  if (given) {
    const programs = programsIn(resolve(given))
    if (programs) return programs
    throw new LocalBrokerError(
      "no_broker",
      `${directoryVariable} is "${given}", which does not hold rabbitmq-server and rabbitmqctl ` +
        "(with epmd there or on the PATH): correct it, or unset it to have them looked for",
    )
  }
  const path = (process.env.PATH ?? "").split(":").filter((directory) => directory !== "")
  for (const directory of [...unwrappedDirectories, ...path, ...furtherDirectories]) {
    const programs = programsIn(directory)
    if (programs) return programs
  }
  return undefined
}

function programsIn(directory: string): RabbitmqPrograms | undefined {
  const [server, ctl, ownEpmd] = ["rabbitmq-server", "rabbitmqctl", "epmd"].map((name) =>
    join(directory, name),
  ) as [string, string, string]
  if (!existsSync(server) || !existsSync(ctl)) return undefined
  const epmd = existsSync(ownEpmd) ? ownEpmd : (Bun.which("epmd") ?? epmdBesideErl())
  return epmd === undefined ? undefined : { server, ctl, epmd }
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
