import { afterAll, describe, expect, test } from "bun:test"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  type NodeRecord,
  nodeRecordFile,
  readNodeRecord,
} from "../../src/local-broker/node-record.ts"
import { claimPersistentNodeDirectory } from "../../src/local-broker/persistent-node-directory.ts"
import { isAlive, signalGroup } from "../../src/local-broker/process-identity.ts"
import {
  sweepTemporaryNodes,
  temporaryNodesRoot,
} from "../../src/local-broker/temporary-node-directory.ts"
import { listeners } from "../support/listeners.ts"
import { canStartPrivateBroker } from "../support/private-broker.ts"
import { until } from "../support/until.ts"

interface Owned {
  readonly directory: string
  readonly url: string
  readonly record: Required<NodeRecord>
  readonly child?: number
}

const cleanUps: (() => void)[] = []
afterAll(() => {
  for (const cleanUp of cleanUps) cleanUp()
})

describe.skipIf(!canStartPrivateBroker)("an owner killed with SIGKILL", () => {
  test("leaves neither process, listener nor file, even with another child alive", async () => {
    const owned = await startOwner("", "--with-child")
    expect(runs(owned.record)).toEqual(["owner", "supervisor", "epmd", "node"])
    process.kill(owned.record.owner.pid, "SIGKILL")
    await until(() => runs(owned.record).length === 0, {
      what: () => `${runs(owned.record)} to end`,
    })
    expect(existsSync(owned.directory)).toBe(false)
    const ports = [Number(new URL(owned.url).port)]
    expect(listeners().filter(({ port }) => ports.includes(port))).toEqual([])
  }, 60_000)

  test("together with its supervisor is cleaned up by the next start", async () => {
    const owned = await startOwner("")
    signalGroup(owned.record.supervisor, "SIGKILL")
    process.kill(owned.record.owner.pid, "SIGKILL")
    await until(() => !isAlive(owned.record.owner) && !isAlive(owned.record.supervisor), {
      what: "owner and supervisor to be dead",
    })
    expect(runs(owned.record)).toEqual(["epmd", "node"])
    sweepTemporaryNodes(temporaryNodesRoot())
    await until(() => runs(owned.record).length === 0, {
      what: () => `${runs(owned.record)} to end`,
    })
    expect(existsSync(owned.directory)).toBe(false)
  }, 60_000)

  test("gives its persistent directory to the next one once the node is down", async () => {
    const root = mkdtempSync(join(tmpdir(), "partymq-persistent-"))
    cleanUps.push(() => rmSync(root, { recursive: true, force: true }))
    const owned = await startOwner(root)
    expect(owned.directory).toBe(join(root, "broker"))
    process.kill(owned.record.owner.pid, "SIGKILL")
    await until(() => !isAlive(owned.record.owner), { what: "the owner to be dead" })
    expect(await claimPersistentNodeDirectory(root)).toBe(owned.directory)
    expect(runs(owned.record)).toEqual([])
    expect(existsSync(join(owned.directory, "data"))).toBe(true)
    expect(readNodeRecord(nodeRecordFile(owned.directory))?.owner.pid).toBe(process.pid)
  }, 60_000)
})

async function startOwner(...args: readonly string[]): Promise<Owned> {
  const program = join(import.meta.dir, "broker-owner.ts")
  const options = { stdout: "pipe", stderr: "inherit" } as const
  const owner = Bun.spawn([process.execPath, program, ...args], options)
  cleanUps.push(() => owner.kill("SIGKILL"))
  let text = ""
  for await (const chunk of owner.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (text.includes("\n")) break
  }
  const owned = JSON.parse(text) as Owned
  const { child } = owned
  if (child !== undefined) cleanUps.push(() => process.kill(child, "SIGKILL"))
  return owned
}

function runs(record: NodeRecord): readonly string[] {
  return (["owner", "supervisor", "epmd", "node"] as const).filter((name) => {
    const identity = record[name]
    return identity !== undefined && isAlive(identity)
  })
}
