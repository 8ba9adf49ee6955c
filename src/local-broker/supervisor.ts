/**
 * A program of its own that owns the processes of one private node. Its standard input comes from
 * whoever asked for the node: lines are commands, and the end of input means that the owner is gone,
 * however it went. Then the node and its port mapper are stopped and a temporary directory removed.
 *
 * Commands: `start`, `kill`, `stop`. Each event is a line of JSON on standard output.
 */
import { openSync, rmSync } from "node:fs"
import { consoleLogFile, type NodePorts, nodeEnvironment } from "./node-files.ts"
import { nodeRecordFile, readNodeRecord, writeNodeRecord } from "./node-record.ts"
import { identify, type ProcessIdentity, signalGroup } from "./process-identity.ts"
import type { RabbitmqPrograms } from "./rabbitmq-programs.ts"

export interface SupervisedNode {
  readonly directory: string
  /** Without anything worth keeping: killed rather than shut down, and its directory removed. */
  readonly temporary: boolean
  readonly programs: RabbitmqPrograms
  readonly ports: NodePorts
  /** Nodes of one cluster have different ones, and share a port mapper. @default defaultNodeName */
  readonly name?: string
}

export type SupervisorEvent =
  | { readonly event: "started"; readonly pid: number }
  | { readonly event: "exited" }

interface Child {
  readonly identity: ProcessIdentity
  readonly exited: Promise<number>
}

/** A node that is asked to shut down and has not after this time is killed. */
const shutdownTimeoutMs = 15_000

async function supervise(spec: SupervisedNode): Promise<void> {
  const { directory, ports, programs, temporary } = spec
  const record = nodeRecordFile(directory)
  const known = readNodeRecord(record)
  if (known === undefined) throw new Error(`directory "${directory}" has no record of its owner`)
  const supervisor = identify(process.pid)!
  const environment = nodeEnvironment(directory, ports, spec.name)
  const log = openSync(consoleLogFile(directory), "a")
  const children: { epmd?: Child; node?: Child } = {}

  const spawn = (name: "epmd" | "node", command: string[]): Child => {
    // In a group of its own, so that signals reach all of it and none from the owner's terminal does.
    const options = { cwd: directory, env: environment, stdin: "ignore", detached: true } as const
    const child = Bun.spawn(command, { ...options, stdout: log, stderr: log })
    const identity = identify(child.pid) ?? { pid: child.pid, startedAt: "gone" }
    children[name] = { identity, exited: child.exited }
    const { epmd, node } = children
    writeNodeRecord(record, {
      ...{ owner: known.owner, supervisor },
      ...(epmd && { epmd: epmd.identity }),
      ...(node && { node: node.identity }),
    })
    return children[name]
  }
  const start = () => {
    const child = spawn("node", [programs.server])
    report({ event: "started", pid: child.identity.pid })
    child.exited.then(() => report({ event: "exited" }))
  }
  const end = async (child: Child | undefined, signal: NodeJS.Signals) => {
    if (child === undefined) return
    signalGroup(child.identity, signal)
    const late = setTimeout(() => signalGroup(child.identity, "SIGKILL"), shutdownTimeoutMs)
    await child.exited
    clearTimeout(late)
  }

  spawn("epmd", [programs.epmd, "-address", "127.0.0.1", "-port", String(ports.epmd)])
  for await (const command of console) {
    if (command === "start") start()
    else if (command === "kill") await end(children.node, "SIGKILL")
    else if (command === "stop") break
  }
  await end(children.node, temporary ? "SIGKILL" : "SIGTERM")
  await end(children.epmd, "SIGKILL")
  if (temporary) rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  else rmSync(record, { force: true })
}

function report(event: SupervisorEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}

if (import.meta.main) {
  process.stdout.on("error", () => {}) // the owner is gone; the end of input says so as well
  await supervise(JSON.parse(process.argv[2]!) as SupervisedNode)
  process.exit(0)
}
