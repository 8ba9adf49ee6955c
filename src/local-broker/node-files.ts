import { randomBytes } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"

export interface NodePorts {
  readonly amqp: number
  readonly management: number
  readonly epmd: number
  readonly distribution: number
}

/** Always the same name, also for several nodes at once: each has a port mapper of its own. */
export const defaultNodeName = "partymq@localhost"
const plugins = ["rabbitmq_management", "rabbitmq_consistent_hash_exchange"]

export const consoleLogFile = (directory: string) => join(directory, "log", "console.log")
export const nodeLogFile = (directory: string) => join(directory, "log", "node.log")

/** Writes a node's configuration; what it stored earlier in the directory stays as it is. */
export function writeNodeFiles(directory: string, ports: NodePorts): void {
  for (const name of ["home", "log"]) mkdirSync(join(directory, name), { recursive: true })
  writeCookie(join(directory, "home", ".erlang.cookie"))
  writeFileSync(join(directory, "enabled_plugins"), `[${plugins.join(",")}].\n`)
  // Empty, but there: otherwise the machine's own files in /etc/rabbitmq are read.
  writeFileSync(join(directory, "rabbitmq-env.conf"), "")
  writeFileSync(join(directory, "advanced.config"), "[].\n")
  const settings = {
    "listeners.tcp.1": `127.0.0.1:${ports.amqp}`,
    "management.tcp.ip": "127.0.0.1",
    "management.tcp.port": ports.management,
    "log.file": nodeLogFile(directory),
    "log.file.level": "info",
    // The default, 512 MiB, is a quorum queue's log in memory before it is written out.
    "raft.wal_max_size_bytes": 64 * 1024 * 1024,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`)
  writeFileSync(join(directory, "rabbitmq.conf"), lines.join(""))
}

/**
 * The environment of the node and of its command line tools. Nothing of the machine's own RabbitMQ or
 * Erlang settings gets in, and every Erlang node that is started listens on loopback only.
 */
export function nodeEnvironment(
  directory: string,
  ports: NodePorts,
  name = defaultNodeName,
): Record<string, string> {
  const extraPath = ["/opt/homebrew/bin", "/usr/local/bin", "/usr/bin", "/bin"]
  return {
    PATH: [process.env.PATH ?? "", ...extraPath].filter(Boolean).join(delimiter),
    HOME: join(directory, "home"),
    LANG: "C.UTF-8",
    ERL_EPMD_ADDRESS: "127.0.0.1",
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_AFLAGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    RABBITMQ_NODENAME: name,
    RABBITMQ_DIST_PORT: String(ports.distribution),
    RABBITMQ_CONF_ENV_FILE: join(directory, "rabbitmq-env.conf"),
    RABBITMQ_CONFIG_FILE: join(directory, "rabbitmq.conf"),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(directory, "advanced.config"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, "enabled_plugins"),
    RABBITMQ_MNESIA_BASE: join(directory, "data"),
    RABBITMQ_LOG_BASE: join(directory, "log"),
    RABBITMQ_GENERATED_CONFIG_DIR: join(directory, "generated"),
    // Room for some 100,000 queues; the default's tables cost more memory than such a node needs.
    RABBITMQ_MAX_NUMBER_OF_PROCESSES: "262144",
    // Makes the start script become the node instead of staying beside it.
    RUNNING_UNDER_SYSTEMD: "true",
  }
}

function writeCookie(file: string): void {
  if (existsSync(file)) return
  writeFileSync(file, randomBytes(24).toString("hex"), { mode: 0o400 })
  chmodSync(file, 0o400)
}
