import { statfsSync } from "node:fs"
import { tmpdir } from "node:os"

/** Where a broker is to keep its data. */
export type Medium = "memory" | "disk"

/** For people. */
export const whereOn: { readonly [medium in Medium]: string } = {
  memory: "in memory",
  disk: "on a disk",
}

/** Folders that may be in memory, and such as may be on a disk. */
const candidates: { readonly [medium in Medium]: readonly string[] } = {
  memory: ["/dev/shm", tmpdir()],
  disk: [tmpdir(), "/var/tmp"],
}

/** What Linux calls a file system in memory. */
const tmpfs = 0x01021994

/** More than the largest backlog takes; a container often has no more than 64 MB of memory for files. */
const freeBytesMin = 2 * 1024 ** 3

export interface Storage {
  readonly medium: Medium
  readonly folder: string
}

/** Storage as it is asked for if this machine has it with enough room, else the other kind. */
export function storageOn(asked: Medium): Storage {
  const other = asked === "memory" ? "disk" : "memory"
  return find(asked) ?? find(other) ?? { medium: "disk", folder: tmpdir() }
}

function find(medium: Medium): Storage | undefined {
  const folder = candidates[medium].find((each) => {
    const found = fileSystem(each)
    return found !== undefined && found.isMemory === (medium === "memory") && found.hasRoom
  })
  return folder === undefined ? undefined : { medium, folder }
}

function fileSystem(folder: string) {
  try {
    const { type, bavail, bsize } = statfsSync(folder)
    return { isMemory: type === tmpfs, hasRoom: bavail * bsize >= freeBytesMin }
  } catch {
    return undefined
  }
}
