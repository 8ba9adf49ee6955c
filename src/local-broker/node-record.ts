import { readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { identify, isAlive, type ProcessIdentity, signalGroup } from "./process-identity.ts"

/** Which processes belong to a node's directory, so that a later start can clean up after them. */
export interface NodeRecord {
  readonly owner: ProcessIdentity
  readonly supervisor?: ProcessIdentity
  readonly epmd?: ProcessIdentity
  readonly node?: ProcessIdentity
}

export const nodeRecordFile = (directory: string) => join(directory, "node.json")

/** `undefined` when there is no record, or one that cannot be read. */
export function readNodeRecord(file: string): NodeRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as NodeRecord
  } catch {
    return undefined
  }
}

/** Replaces the record in one step: a reader sees the old one or the new one. */
export function writeNodeRecord(file: string, record: NodeRecord): void {
  const next = `${file}.${process.pid}`
  writeFileSync(next, JSON.stringify(record))
  renameSync(next, file)
}

/** The record of a node that this process is about to start. */
export function ownNodeRecord(): NodeRecord {
  const owner = identify(process.pid)
  if (owner === undefined) throw new Error(`process ${process.pid} cannot find itself`)
  return { owner }
}

/**
 * Nobody looks after the directory any more. While the supervisor lives it is not abandoned: it
 * notices its owner's end by itself and is cleaning up.
 */
export function isAbandoned(record: NodeRecord): boolean {
  return !isAlive(record.owner) && !(record.supervisor && isAlive(record.supervisor))
}

/** Kills what an abandoned node left running: only processes that are certainly the recorded ones. */
export function killLeftovers(record: NodeRecord): void {
  for (const identity of [record.node, record.epmd]) {
    if (identity) signalGroup(identity, "SIGKILL")
  }
}
