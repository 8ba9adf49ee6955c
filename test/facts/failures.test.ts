import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { AMQPClient, AMQPError } from "@cloudamqp/amqp-client"
import { bounds } from "../../src/core/bounds.ts"
import { createLog } from "../../src/log.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { logViolations } from "../chaos/log-violations.ts"
import { isReady, serving } from "../cli/serving.ts"
import { classic, topicFolder } from "../cli/topic-folder.ts"
import {
  canStartPrivateBroker,
  type PrivateBroker,
  startPrivateBroker,
} from "../support/private-broker.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"

/** What breaks when a broker does, and what a process under load says of it. */

const password = "correct-horse-Battery7"
const bodyText = "confidential body"
const encoder = new TextEncoder()
const properties = encodeProperties({ deliveryMode: 2, headers: [["k", "a"]] })
const inFlight = 1_600

if (!canStartPrivateBroker) console.warn("skipped: failures need a rabbitmq-server on this machine")

test("printing an error of the client's prints neither its connection nor the password in it", () => {
  const client = new AMQPClient(`amqp://user:${password}@localhost/?frameMax=131072`)
  const error = new AMQPError("connection closed", client)
  // Otherwise this would prove nothing.
  expect(Bun.inspect(error, { depth: 8 })).toContain(password)
  const lines: string[] = []
  const log = createLog({
    level: "info",
    isPretty: false,
    stream: { write: (line) => lines.push(line) },
  })
  log.error({ err: error, client }, "broken")
  log.error(error)
  log.error("%o", error)
  expect(lines).toHaveLength(3)
  for (const line of lines) {
    expect(line.length).toBeLessThan(4_000)
    expect(logViolations(line, password)).toEqual([])
  }
})

describe.skipIf(!canStartPrivateBroker)("a router under load, in a process of its own,", () => {
  let broker: PrivateBroker
  let url = ""
  beforeAll(async () => {
    broker = await startPrivateBroker()
    await broker.ctl("add_user", "router", password)
    await broker.ctl("set_permissions", "router", ".*", ".*", ".*")
    const own = new URL(broker.url)
    own.username = "router"
    own.password = password
    url = own.href
  }, 60_000)
  afterAll(() => broker?.stop())

  /** With a source and HTTP clients that keep as much in flight as they may. */
  async function underLoad() {
    const source = unique("source")
    const folder = topicFolder(url, {
      source: { queue: source, prefetch: inFlight, type: "classic" },
      key: [{ use: "header", name: "k" }],
      groups: { g: { partitions: 4, ...classic } },
    })
    const router = await serving("serve", folder.options)
    await isReady(router)
    const load = new HttpLoad(`${router.url}/v1/topics/${folder.topic}/messages`)
    const connection = await connect(broker.url)
    const publisher = await RawPublisher.open(connection, source)
    for (let n = 0; n < 20_000; n++) publisher.publish(properties, encoder.encode(bodyText))
    const settled = async () => (await metric(router.url, "partymq_settled_messages_total")) > 100
    await until(settled, { what: "messages of the source to pass" })
    await until(() => load.accepted > 100, { what: "messages to pass over HTTP" })
    const lines = () => router.stderr.text().trimEnd().split("\n")
    return {
      router,
      load,
      lines,
      said: () => lines().map((line) => (JSON.parse(line) as { msg: string }).msg),
      async [Symbol.asyncDispose]() {
        await load.stop()
        connection.destroy()
        await router[Symbol.asyncDispose]()
        folder[Symbol.dispose]()
      },
    }
  }

  test("outlives a kill -9 of the broker, says it in a few lines, and goes on", async () => {
    await using at = await underLoad()
    const before = at.lines().length
    await broker.kill9()
    await until(async () => !(await fetch(`${at.router.url}/readyz`)).ok, { what: "the loss" })
    await broker.restart()
    await isReady(at.router)
    const { accepted } = at.load
    await until(() => at.load.accepted > accepted + 100, { what: "messages to pass again" })
    expect(at.router.child.exitCode).toBeNull()
    for (const connection of ["publish", "consume"]) {
      const labels = `{connection="${connection}",reason="socket"}`
      expect(await metric(at.router.url, `partymq_connection_losses_total${labels}`)).toBe(1)
    }
    const lines = at.lines().slice(before)
    // Each connection: lost, cannot connect for one or two reasons in turn, connected.
    expect(lines.length).toBeLessThanOrEqual(20)
    expect(lines.length).toBeGreaterThanOrEqual(4)
    expect(repeated(lines)).toEqual([])
    for (const line of at.lines()) expect(logViolations(line, password)).toEqual([])
    expect(at.lines().join()).not.toContain(bodyText)
    expect(at.said().filter((line) => line === "connected")).toHaveLength(4)
  }, 90_000)

  test("says that the broker blocks publishers, and that it does no more, and nothing else", async () => {
    await using at = await underLoad()
    const before = at.lines().length
    await broker.ctl("set_vm_memory_high_watermark", "0.00000001")
    const blocked = "the broker blocks publishers; nothing is published"
    const over = "the broker takes publishes again"
    await until(() => at.said().includes(blocked), { what: "the alarm", timeoutMs: 20_000 })
    const { unavailable } = at.load
    await until(() => at.load.unavailable > unavailable + 100, { what: "HTTP to be told" })
    await broker.ctl("set_vm_memory_high_watermark", "0.6")
    const { accepted } = at.load
    await until(() => at.load.accepted > accepted + 100, { what: "messages to pass again" })
    await until(() => at.said().includes(over), {
      what: "the end of it",
      timeoutMs: 3 * bounds.conditionCalmMs,
    })
    expect(at.said().slice(before)).toEqual([blocked, over])
    for (const line of at.lines()) expect(logViolations(line, password)).toEqual([])
  }, 90_000)
})

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split("\n").find((each) => each.startsWith(name))
  return Number(line?.split(" ").at(-1))
}

/** Clients that post one message after the other, whatever they are answered. */
class HttpLoad {
  accepted = 0
  unavailable = 0
  readonly #url: string
  readonly #clients: Promise<void>[]
  #isOver = false

  constructor(url: string) {
    this.#url = url
    this.#clients = Array.from({ length: 50 }, () => this.#post())
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#clients)
  }

  async #post(): Promise<void> {
    const headers = { "x-k": "a", "partition-key": "a" }
    while (!this.#isOver) {
      try {
        const { status } = await fetch(this.#url, { method: "POST", headers, body: bodyText })
        if (status === 202) this.accepted += 1
        else this.unavailable += 1
        if (status !== 202) await Bun.sleep(5)
      } catch {
        await Bun.sleep(50)
      }
    }
  }
}

/** Lines that say of a connection what was said of it last. */
function repeated(lines: readonly string[]): string[] {
  const last = new Map<string, string>()
  return lines.filter((line) => {
    const { connection, msg, reason } = JSON.parse(line) as Record<string, string>
    const isRepeat = last.get(connection ?? "") === `${msg} ${reason}`
    last.set(connection ?? "", `${msg} ${reason}`)
    return isRepeat
  })
}
