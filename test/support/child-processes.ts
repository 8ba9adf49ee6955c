import { readdirSync, readFileSync } from "node:fs"

/** Command lines of this process's children; empty where there is no `/proc` to look them up. */
export function childProcesses(): readonly string[] {
  if (process.platform !== "linux") return []
  return readdirSync("/proc/self/task")
    .flatMap((task) => read(`/proc/self/task/${task}/children`).split(" "))
    .filter((pid) => pid !== "")
    .map((pid) => read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim())
    .filter((command) => command !== "") // a zombie has none
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return "" // ended in the meantime
  }
}
