import { readFileSync } from "node:fs"

/** What the kernel counts in; the same on every Linux that Bun runs on. */
const tickMs = 10

/** CPU of a process so far, user and system, all its threads. Linux only. */
export function cpuMs(pid: number): number {
  const stat = read(`/proc/${pid}/stat`)
  // Behind the name, which may hold spaces; user and system are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}

/** CPU of all processes so far. Linux only. */
export function machineCpuMs(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = read("/proc/stat")
    .split(/\s+/, 9)
    .map(Number)
  return (user + nice + system + irq + softirq) * tickMs
}

/** The most that was ever resident. Linux only. */
export function peakBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]) * 1024
}

/** Elsewhere there is nothing to read, and the figures are not a number. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}
