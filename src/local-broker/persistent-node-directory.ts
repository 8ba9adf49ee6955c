import { randomBytes } from "node:crypto"
import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import {
  isAbandoned,
  killLeftovers,
  type NodeRecord,
  nodeRecordFile,
  ownNodeRecord,
  readNodeRecord,
} from "./node-record.ts"
import { isAlive } from "./process-identity.ts"

/** How long a node whose owner has died may take to stop before another directory is used. */
const releaseTimeoutMs = 20_000

/**
 * A directory under `root` that keeps its messages from one start to the next: `broker`, or
 * `broker-2` and so on while the ones before are in use by other processes.
 */
export async function claimPersistentNodeDirectory(root: string): Promise<string> {
  for (let number = 1; ; number++) {
    const directory = resolve(root, number === 1 ? "broker" : `broker-${number}`)
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    if (await claim(nodeRecordFile(directory))) return directory
  }
}

async function claim(file: string): Promise<boolean> {
  const deadline = Date.now() + releaseTimeoutMs
  for (;;) {
    if (recordOnce(file)) return true
    const holder = readNodeRecord(file)
    if (holder && isAlive(holder.owner)) return false
    if (holder === undefined || isAbandoned(holder)) retire(file, holder)
    else if (Date.now() > deadline) return false
    else await Bun.sleep(50)
  }
}

/** A hard link fails when the name is taken, so of two processes at once only one succeeds. */
function recordOnce(file: string): boolean {
  const own = `${file}.${randomBytes(6).toString("hex")}`
  writeFileSync(own, JSON.stringify(ownNodeRecord()))
  try {
    linkSync(own, file)
    return true
  } catch (error) {
    return ignoring(error, "EEXIST", false)
  } finally {
    rmSync(own, { force: true })
  }
}

/** Takes an abandoned record away, unless another process was faster and has put its own there. */
function retire(file: string, seen: NodeRecord | undefined): void {
  if (seen) killLeftovers(seen)
  const retired = `${file}.${randomBytes(6).toString("hex")}`
  try {
    renameSync(file, retired)
    if (JSON.stringify(readNodeRecord(retired)) !== JSON.stringify(seen)) linkSync(retired, file)
  } catch (error) {
    ignoring(error, "ENOENT", undefined)
  } finally {
    rmSync(retired, { force: true })
  }
}

function ignoring<Value>(error: unknown, code: string, value: Value): Value {
  if ((error as NodeJS.ErrnoException).code === code) return value
  throw error
}
