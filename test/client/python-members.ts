import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type HttpServer, serveHttp } from "../../src/http/serve-http.ts"
import type { Router } from "../../src/router.ts"
import { temporaryFolder } from "../config/temporary-folder.ts"
import { codeBlock, readPage } from "../readme/pages.ts"
import { management } from "../support/management.ts"
import { OrderOracle, type Verdict } from "../support/order-oracle.ts"
import { Program } from "../support/program.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { until } from "../support/until.ts"
import type { Vhost } from "../support/vhost.ts"

const python = Bun.which("python3", { PATH: `/usr/bin:${process.env.PATH}` }) ?? "python3"
export const hasPika = Bun.spawnSync([python, "-c", "import pika"]).success

const keys = Array.from({ length: 12 }, (_, n) => `c-${n}`)

interface Handled {
  readonly queue: string
  readonly key: string
  readonly revision: number
}

interface Listed {
  readonly memberId: string
  readonly assigned: readonly number[]
  readonly subscribed: readonly number[]
}

/** A router, and members of its group: the program of docs/groups.md as it stands. */
export class PythonMembers {
  readonly #url: string
  readonly #folder: ReturnType<typeof temporaryFolder>
  readonly #router: Router
  readonly #server: HttpServer
  readonly #programs: Program[] = []
  readonly #flows: { end(): Promise<void> }[] = []
  /** How many of each key were accepted. */
  readonly #accepted = new Map<string, number>()

  private constructor(url: string, code: string, router: Router) {
    this.#url = url
    this.#folder = temporaryFolder({ "member.py": code, handled: "" })
    this.#router = router
    this.#server = serveHttp(router, quietLog)
  }

  static async open({ url, name }: Vhost): Promise<PythonMembers> {
    const queues = (await management("GET", `/api/queues/${name}`)) as { name: string }[]
    for (const queue of queues) await management("DELETE", `/api/queues/${name}/${queue.name}`)
    const members = { initialDelayMs: 0, sessionTimeoutMs: 5_000 }
    const key = [{ use: "jsonpath", path: "$.customer.id" }]
    const router = await startedRouter({
      amqp: { url },
      http: { host: "127.0.0.1", port: 0 },
      topics: { orders: { key, groups: { billing: { partitions: 4, members } } } },
    })
    const code = codeBlock(await readPage("docs/groups.md"), "member.py")
    return new PythonMembers(url, code, router)
  }

  start(): Program {
    const program = new Program({
      command: [python, "member.py"],
      cwd: this.#folder.path,
      env: { AMQP_URL: this.#url, PARTYMQ_URL: this.#server.url },
      output: join(this.#folder.path, "handled"),
    })
    this.#programs.push(program)
    return program
  }

  /** What PartyMQ knows of it; `undefined` if it is no member. */
  async listed({ pid }: Program): Promise<Listed | undefined> {
    return (await this.#members()).find(({ memberId }) => memberId.endsWith(`-${pid}`))
  }

  /** Until they are all the members there are, and each is subscribed to just what it is assigned. */
  async settled(...programs: readonly Program[]): Promise<void> {
    const isSettled = async () => {
      const members = await this.#members()
      const known = members.map(({ memberId }) => memberId.split("-").at(-1))
      const isAlike = ({ assigned, subscribed }: Listed) => `${assigned}` === `${subscribed}`
      const assigned = members.flatMap((each) => each.assigned)
      return (
        `${known.sort()}` === `${programs.map(({ pid }) => String(pid)).sort()}` &&
        `${assigned.sort()}` === "0,1,2,3" &&
        members.every(isAlike)
      )
    }
    const what = `${programs.length} members to share the partitions`
    await until(isSettled, { what, timeoutMs: 30_000, intervalMs: 100 })
  }

  /** The next messages of each key, one after the other. */
  async publish(count: number, padding = ""): Promise<void> {
    const all = keys.map(async (key) => {
      for (let n = 0; n < count; n++) await this.#publish(key, padding)
    })
    await Promise.all(all)
  }

  /** Goes on with that, key by key, until it is told to end. */
  flow(): { end(): Promise<void> } {
    let isFlowing = true
    const flowing = (async () => {
      while (isFlowing) for (const key of keys) await this.#publish(key)
    })()
    const flow = {
      end: () => {
        isFlowing = false
        return flowing
      },
    }
    this.#flows.push(flow)
    return flow
  }

  /** What was handled, by whichever member, in the order in which it was. */
  get handled(): readonly Handled[] {
    const text = readFileSync(join(this.#folder.path, "handled"), "utf8")
    return text
      .trimEnd()
      .split("\n")
      .flatMap((line) => {
        const [, queue, body] = /^(\S+) (\{.*\})$/.exec(line) ?? []
        if (queue === undefined) return []
        const { customer, revision } = JSON.parse(body!)
        return [{ queue, key: customer.id, revision }]
      })
  }

  /** Once all that was accepted has been handled, or that takes too long. */
  async verdict(): Promise<Verdict> {
    const expected = [...this.#accepted].flatMap(([key, count]) =>
      Array.from({ length: count }, (_, n) => ({ key, revision: n + 1 })),
    )
    const different = () => new Set(this.handled.map(({ key, revision }) => `${key} ${revision}`))
    await until(() => different().size === expected.length, {
      what: `all ${expected.length} messages`,
      timeoutMs: 30_000,
      intervalMs: 100,
    }).catch(() => {})
    const oracle = new OrderOracle()
    for (const { queue, ...message } of this.handled) {
      oracle.started("a member", Number(/\d+$/.exec(queue)![0]), message)
    }
    return oracle.verdict(expected)
  }

  async close(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.destroy()))
    await Promise.all(this.#flows.map((flow) => flow.end()))
    await this.#server.stop()
    await this.#router.stop()
    this.#folder[Symbol.dispose]()
  }

  async #members(): Promise<readonly Listed[]> {
    const answer = await fetch(`${this.#server.url}/v1/topics/orders/groups/billing/members`)
    return ((await answer.json()) as { members: Listed[] }).members
  }

  async #publish(key: string, padding = ""): Promise<void> {
    const revision = (this.#accepted.get(key) ?? 0) + 1
    const response = await fetch(`${this.#server.url}/v1/topics/orders/messages`, {
      method: "POST",
      body: JSON.stringify({ customer: { id: key }, revision, padding }),
    })
    if (response.status !== 202) throw new Error(`a message was answered by ${response.status}`)
    this.#accepted.set(key, revision)
  }
}
