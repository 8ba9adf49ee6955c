import type { Fault } from "./faults/fault.ts"

/** Which faults were injected, and which are going on. */
export class FaultLog {
  readonly #counts = new Map<string, number>()
  readonly #current = new Set<string>()
  /** Could not be brought about, which is a failure of the suite or of what it tests. */
  readonly failures: string[] = []

  get current(): readonly string[] {
    return [...this.#current]
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort())
  }

  count(kind: string): number {
    return this.#counts.get(kind) ?? 0
  }

  async note({ kind }: Fault, injecting: Promise<void>): Promise<void> {
    this.#current.add(kind)
    this.#counts.set(kind, this.count(kind) + 1)
    try {
      await injecting
    } catch (error) {
      this.failures.push(`${kind}: ${(error as Error).message}`)
    } finally {
      this.#current.delete(kind)
    }
  }
}
