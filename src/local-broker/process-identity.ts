import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"

/** A process beyond the reuse of its number: the same pid with another start time is a stranger. */
export interface ProcessIdentity {
  readonly pid: number
  /** As the system tells it, only good for comparing: clock ticks on Linux, a date elsewhere. */
  readonly startedAt: string
}

/** The identity of a running process; `undefined` when there is none (a zombie counts as none). */
export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === "linux" ? linuxStart(pid) : portableStart(pid)
  return startedAt === undefined ? undefined : { pid, startedAt }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt
}

/** Signals the process group led by this very process; does nothing when it is gone. */
export function signalGroup(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return
  try {
    process.kill(-identity.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
  }
}

function linuxStart(pid: number): string | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  } catch {
    return undefined
  }
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return state === "Z" || state === "X" ? undefined : rest[18]
}

function portableStart(pid: number): string | undefined {
  const listing = spawnSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { encoding: "utf8" })
  const line = (listing.stdout ?? "").trim()
  return line === "" || line.startsWith("Z") ? undefined : line.replace(/^\S+\s+/, "")
}
