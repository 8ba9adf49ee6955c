import { randomBytes } from "node:crypto"
import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { LocalBrokerError } from "./local-broker-error.ts"
import {
  isAbandoned,
  killLeftovers,
  nodeRecordFile,
  ownNodeRecord,
  readNodeRecord,
  writeNodeRecord,
} from "./node-record.ts"

/** How long a directory without a readable record may be one that is just being made. */
const unrecordedAgeMsMax = 60_000

/** Where temporary nodes live: one directory per user, closed to others. */
export function temporaryNodesRoot(folder = tmpdir()): string {
  return join(folder, `partymq-${userInfo().uid}`)
}

/** A directory of its own for a node that leaves nothing behind; sweeps abandoned ones first. */
export function makeTemporaryNodeDirectory(folder = tmpdir()): string {
  const root = temporaryNodesRoot(folder)
  mkdirSync(root, { recursive: true, mode: 0o700 })
  const found = lstatSync(root)
  if (!found.isDirectory() || found.uid !== userInfo().uid) {
    throw new LocalBrokerError(
      "broker_directory_unsafe",
      `directory "${root}" for private brokers belongs to somebody else: remove it or set TMPDIR`,
    )
  }
  sweepTemporaryNodes(root)
  const name = randomBytes(6).toString("hex")
  const unfinished = join(root, `.new-${name}`)
  mkdirSync(unfinished, { mode: 0o700 })
  writeNodeRecord(nodeRecordFile(unfinished), ownNodeRecord())
  renameSync(unfinished, join(root, name))
  return join(root, name)
}

/** Removes what earlier owners left when they were killed together with their supervisor. */
export function sweepTemporaryNodes(root: string): void {
  for (const name of readdirSync(root)) {
    const directory = join(root, name)
    const record = readNodeRecord(nodeRecordFile(directory))
    if (record ? !isAbandoned(record) : !isOld(directory)) continue
    if (record) killLeftovers(record)
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
}

function isOld(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found !== undefined && Date.now() - found.mtimeMs > unrecordedAgeMsMax
}
