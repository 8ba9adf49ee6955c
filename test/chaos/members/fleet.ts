import { createServer, type Server, type Socket } from "node:net"
import { join } from "node:path"
import { launcherVariable } from "../../../src/local-broker/follow-launcher.ts"
import type { MemberOrders, Said } from "./member-protocol.ts"
import { RunOracle } from "./run-oracle.ts"

const program = join(import.meta.dir, "member-process.ts")

export interface FleetOptions {
  readonly orders: Omit<MemberOrders, "member" | "oraclePort" | "seed">
  /** Longer frozen than this, a member has certainly lost what it had. */
  readonly leaseMs: number
  readonly seed: number
}

interface Process {
  readonly child: ReturnType<typeof Bun.spawn>
  frozenSinceMs: number | undefined
  /** When it was woken last, in milliseconds since 1970. */
  wokenMs: number
  /** Groups of which it was cut off since it was frozen. */
  readonly cutOff: Set<string>
  /** It has said so; before, a signal ends it as it ends any program that is loading. */
  hasBegun: boolean
}

/** Members, each in a process of its own, and an oracle for each of their groups. */
export class Fleet {
  readonly oracles: ReadonlyMap<string, RunOracle>
  /** What they say of themselves that must not be. */
  readonly violations: string[] = []
  fenced = 0
  readonly #options: FleetOptions
  readonly #server: Server
  readonly #processes = new Map<string, Process>()
  #names = 0

  private constructor(options: FleetOptions) {
    this.#options = options
    this.oracles = new Map(options.orders.groups.map((group) => [group, new RunOracle()]))
    this.#server = createServer((socket) => this.#listen(socket))
  }

  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options)
    await new Promise<void>((resolve) => fleet.#server.listen(0, "127.0.0.1", resolve))
    return fleet
  }

  /** Those that are neither gone nor frozen, oldest first. */
  get awake(): readonly string[] {
    const all = [...this.#processes]
    return all.filter(([, { frozenSinceMs }]) => frozenSinceMs === undefined).map(([name]) => name)
  }

  get frozen(): readonly string[] {
    const all = [...this.#processes]
    return all.filter(([, { frozenSinceMs }]) => frozenSinceMs !== undefined).map(([name]) => name)
  }

  get size(): number {
    return this.#processes.size
  }

  join(): string {
    const member = `member-${++this.#names}`
    const { port } = this.#server.address() as { port: number }
    const seed = this.#options.seed + this.#names
    const orders: MemberOrders = { ...this.#options.orders, member, oraclePort: port, seed }
    const child = Bun.spawn([process.execPath, program, JSON.stringify(orders)], {
      env: { ...process.env, [launcherVariable]: String(process.pid) },
      stdio: ["ignore", "ignore", "inherit"],
    })
    this.#processes.set(member, {
      child,
      frozenSinceMs: undefined,
      wokenMs: 0,
      cutOff: new Set(),
      hasBegun: false,
    })
    return member
  }

  /** Drains and leaves; resolves when it has. */
  async leave(member: string): Promise<void> {
    await this.#end(member, "SIGTERM")
  }

  /** `kill -9`; resolves when it is gone. */
  async crash(member: string): Promise<void> {
    await this.#end(member, "SIGKILL")
  }

  freeze(member: string): void {
    const process = this.#processes.get(member)!
    for (const oracle of this.oracles.values()) oracle.froze(member)
    process.child.kill("SIGSTOP")
    process.frozenSinceMs = performance.now()
  }

  /** The broker has closed the connection of one that is frozen. */
  cutOff(member: string, group: string): void {
    this.#processes.get(member)?.cutOff.add(group)
  }

  wake(member: string): void {
    const process = this.#processes.get(member)!
    const isPastLease = performance.now() - process.frozenSinceMs! > this.#options.leaseMs
    for (const [group, oracle] of this.oracles)
      oracle.woke(member, isPastLease || process.cutOff.has(group))
    process.frozenSinceMs = undefined
    process.cutOff.clear()
    process.wokenMs = Date.now()
    process.child.kill("SIGCONT")
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await Promise.all([...this.#processes.keys()].map((member) => this.crash(member)))
    this.#server.close()
  }

  async #end(member: string, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const process = this.#processes.get(member)
    if (process === undefined) return
    // Its successors may be told of before its end is.
    if (signal === "SIGKILL") for (const oracle of this.oracles.values()) oracle.froze(member)
    process.child.kill(signal)
    const exitCode = await process.child.exited
    if (signal === "SIGTERM" && exitCode !== 0 && process.hasBegun) {
      this.violations.push(`${member} ended with exit code ${exitCode}`)
    }
    this.#processes.delete(member)
  }

  #listen(socket: Socket): void {
    let member = ""
    let unfinished = ""
    socket.on("data", (bytes) => {
      const lines = (unfinished + bytes.toString()).split("\n")
      unfinished = lines.pop() ?? ""
      for (const line of lines) {
        const said = JSON.parse(line) as Said
        if (said.kind === "hello") {
          member = said.member
          const process = this.#processes.get(member)
          if (process !== undefined) process.hasBegun = true
        } else this.#heard(member, said)
      }
      socket.write(Buffer.alloc(lines.length))
    })
    socket.on("close", () => {
      for (const oracle of this.oracles.values()) oracle.died(member)
    })
    socket.on("error", () => {})
  }

  #heard(member: string, said: Exclude<Said, { readonly kind: "hello" }>): void {
    const oracle = this.oracles.get(said.group)!
    switch (said.kind) {
      case "started":
        oracle.started(member, said, said.begunMs < (this.#processes.get(member)?.wokenMs ?? 0))
        break
      case "ended":
        oracle.ended(member, said, said.isAborted)
        break
      case "joined":
        oracle.joined(member)
        break
      case "fenced":
        this.fenced += 1
        oracle.fenced(member)
        break
      case "deadLettered":
        this.violations.push(`${member} dead-lettered a message: ${said.detail}`)
    }
  }
}
