import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { connect } from "node:net"
import { nodeRecordFile, readNodeRecord } from "../../src/local-broker/node-record.ts"
import type { PrivateNode } from "../../src/local-broker/private-node.ts"
import { identify } from "../../src/local-broker/process-identity.ts"
import { rabbitmqPrograms } from "../../src/local-broker/rabbitmq-programs.ts"
import { startPrivateNode } from "../../src/local-broker/start-private-node.ts"
import { listeners } from "../support/listeners.ts"
import { management } from "../support/management.ts"
import { canStartPrivateBroker } from "../support/private-broker.ts"
import { until } from "../support/until.ts"

describe.skipIf(!canStartPrivateBroker)("a private node", () => {
  let nodes: PrivateNode[] = []

  beforeAll(async () => {
    const programs = rabbitmqPrograms()!
    nodes = await Promise.all([startPrivateNode(programs), startPrivateNode(programs)])
  }, 60_000)

  afterAll(() => Promise.all(nodes.map((node) => node.stop())))

  test("runs beside another with its own queues", async () => {
    const [one, other] = nodes as [PrivateNode, PrivateNode]
    expect(one.url).not.toBe(other.url)
    await management("PUT", "/api/queues/%2F/only-here", { durable: true }, one)
    expect(await queueNames(one)).toEqual(["only-here"])
    expect(await queueNames(other)).toEqual([])
  })

  test.skipIf(process.platform !== "linux")("listens on loopback only", () => {
    for (const node of nodes) {
      const record = readNodeRecord(nodeRecordFile(node.directory))!
      const pids = [record.node!.pid, record.epmd!.pid]
      const own = listeners().filter(({ pid }) => pids.includes(pid))
      expect(own.length).toBeGreaterThanOrEqual(4)
      expect(own.filter(({ address }) => !["127.0.0.1", "[::1]"].includes(address))).toEqual([])
    }
  })

  test("keeps ports and durable queues when it is killed and started again", async () => {
    const node = nodes[1]!
    await management("PUT", "/api/queues/%2F/durable", { durable: true }, node)
    // A declaration that was answered is in its log a moment later: it is killed after that.
    await node.ctl("eval", "catch mnesia:sync_log().")
    const before = identify(node.pid)!
    await node.kill9()
    expect(identify(before.pid)).toBeUndefined()
    expect(await accepts(node)).toBe(false)
    await node.start()
    expect(await accepts(node)).toBe(true)
    expect(node.pid).not.toBe(before.pid)
    // The management API of 4.0 lists it a moment later.
    const isListed = async () => (await queueNames(node)).includes("durable")
    await until(isListed, { what: "the durable queue to be listed" })
  }, 60_000)

  test("answers rabbitmqctl, and says what rabbitmqctl complains about", async () => {
    expect(await nodes[0]!.ctl("eval", "1 + 1.")).toContain("2")
    await expect(nodes[0]!.ctl("no_such_command")).rejects.toMatchObject({
      code: "broker_command_failed",
    })
  })

  test("leaves no process and no file when it is stopped, however often", async () => {
    const node = nodes[1]!
    const { epmd, supervisor } = readNodeRecord(nodeRecordFile(node.directory))!
    await Promise.all([node.stop(), node.stop()])
    await node.stop()
    for (const pid of [node.pid, epmd!.pid, supervisor!.pid]) {
      await until(() => identify(pid) === undefined, { what: `process ${pid} to end` })
    }
    expect(existsSync(node.directory)).toBe(false)
  })
})

async function queueNames(node: PrivateNode): Promise<readonly string[]> {
  const queues = await management<{ name: string }[]>("GET", "/api/queues", undefined, node)
  return queues.map(({ name }) => name)
}

function accepts(node: PrivateNode): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(Number(new URL(node.url).port), "127.0.0.1")
    socket.once("connect", () => settle(true)).once("error", () => settle(false))
    socket.once("connect", () => socket.destroy())
  })
}
