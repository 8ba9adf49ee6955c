import { readFileSync } from "node:fs"
import { join } from "node:path"
import { awaitNode } from "./await-node.ts"
import type { Broker } from "./broker.ts"
import { LocalBrokerError } from "./local-broker-error.ts"
import { loopbackPorts } from "./loopback-ports.ts"
import {
  consoleLogFile,
  type NodePorts,
  nodeEnvironment,
  nodeLogFile,
  writeNodeFiles,
} from "./node-files.ts"
import type { SupervisedNode, SupervisorEvent } from "./supervisor.ts"

/** A node that takes longer than this to answer is taken for one that never will. */
const startTimeoutMs = 90_000
const logTailLines = 25

/**
 * A RabbitMQ node of this process, reachable over loopback only, with RabbitMQ's default user. It
 * ends with this process at the latest, even if that is killed.
 */
export class PrivateNode implements Broker {
  readonly kind = "private"
  readonly url: string
  readonly managementUrl: string
  readonly directory: string
  /** Known once the node has started. */
  version = ""
  /** Of the node itself, for tests that stop and continue it; another one after each `start`. */
  pid = 0
  readonly #spec: SupervisedNode
  readonly #supervisor
  #exit = Promise.withResolvers<void>()

  /** Takes over a directory that this process has claimed; `start` does the rest. */
  constructor(spec: SupervisedNode) {
    const { directory, ports } = spec
    this.url = `amqp://guest:guest@127.0.0.1:${ports.amqp}`
    this.managementUrl = `http://127.0.0.1:${ports.management}`
    this.directory = directory
    this.#spec = spec
    writeNodeFiles(directory, ports)
    const program = join(import.meta.dir, "supervisor.ts")
    this.#supervisor = Bun.spawn([process.execPath, program, JSON.stringify(spec)], {
      ...{ stdin: "pipe", stdout: "pipe", stderr: "inherit", detached: true },
    })
    this.#supervisor.unref()
    this.#follow()
  }

  /**
   * Starts the node and waits until it answers; after `kill9` with the same ports and messages.
   * @throws {LocalBrokerError} `broker_start_failed`, with the end of the node's log
   */
  async start(): Promise<this> {
    this.#exit = Promise.withResolvers()
    this.#command("start")
    const given = new AbortController()
    const timer = setTimeout(() => given.abort(), startTimeoutMs)
    this.#exit.promise.then(() => given.abort())
    const version = await awaitNode(this.#spec.ports, given.signal)
    clearTimeout(timer)
    if (version === undefined) throw this.#startFailed()
    this.version = version
    return this
  }

  /** Kills the node as a crash would: nothing is flushed, connections break. */
  async kill9(): Promise<void> {
    this.#command("kill")
    await this.#exit.promise
  }

  /** Stops the node and its port mapper, and removes a temporary directory. Idempotent. */
  async stop(): Promise<void> {
    this.#supervisor.stdin.end()
    await this.#supervisor.exited
  }

  /**
   * Runs `rabbitmqctl` against the node (1-2 s a call) and returns what it prints.
   * @throws {LocalBrokerError} `broker_command_failed`, with what it says on standard error
   */
  async ctl(...args: readonly string[]): Promise<string> {
    const { directory, ports, programs, name } = this.#spec
    const env = nodeEnvironment(directory, ports, name)
    const child = Bun.spawn([programs.ctl, ...args], { env, stdout: "pipe", stderr: "pipe" })
    const [output, complaint] = await Promise.all([child.stdout.text(), child.stderr.text()])
    if ((await child.exited) === 0) return output
    const message = `rabbitmqctl ${args[0]} failed: ${complaint.trim() || output.trim()}`
    throw new LocalBrokerError("broker_command_failed", message)
  }

  #command(command: string): void {
    this.#supervisor.stdin.write(`${command}\n`)
    this.#supervisor.stdin.flush()
  }

  async #follow(): Promise<void> {
    let text = ""
    for await (const chunk of this.#supervisor.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (text + chunk).split("\n")
      text = lines.pop() ?? ""
      for (const line of lines) {
        const event = JSON.parse(line) as SupervisorEvent
        if (event.event === "started") this.pid = event.pid
        else this.#exit.resolve()
      }
    }
    this.#exit.resolve()
  }

  #startFailed(): LocalBrokerError {
    const { directory } = this.#spec
    const tail = [consoleLogFile(directory), nodeLogFile(directory)].map(logTail).join("\n")
    return new LocalBrokerError(
      "broker_start_failed",
      `the private RabbitMQ node in "${directory}" did not start. The end of its log:\n${tail}`,
    )
  }
}

export async function nodePorts(): Promise<NodePorts> {
  const [amqp, management, epmd, distribution] = await loopbackPorts(4)
  return { amqp: amqp!, management: management!, epmd: epmd!, distribution: distribution! }
}

/** The last lines, without those that tell of credentials, be it only their hash. */
function logTail(file: string): string {
  try {
    const lines = readFileSync(file, "utf8").split("\n")
    const telling = lines.filter((line) => line.trim() !== "" && !/cookie|password/i.test(line))
    return telling.slice(-logTailLines).join("\n")
  } catch {
    return ""
  }
}
