import { type Expected, OrderOracle, type Verdict } from "../../support/order-oracle.ts"

/** What a member's process tells of a handler's run. */
export interface Run extends Expected {
  readonly partition: number
}

interface Running extends Run {
  readonly member: string
  /** The member was frozen meanwhile: its partition may have gone to another, which is not told to it. */
  wasFrozen: boolean
}

/**
 * Judges the handler runs of all members of one group, in the order in which they are told: a member
 * waits with a run until it was heard. Frozen members are excused for runs that others overtake, if they
 * find out before long that they were fenced, and start nothing before they have.
 */
export class RunOracle {
  readonly #order = new OrderOracle()
  readonly #running = new Map<string, Running>()
  /** Runs that another member's overtook, of members that have not found out. */
  readonly #superseded = new Set<Running>()
  readonly #joined = new Set<string>()
  readonly #frozen = new Set<string>()
  /** Woken after they have certainly lost what they had, and not fenced yet. */
  readonly #unaware = new Set<string>()
  readonly violations: string[] = []
  /** Overlaps of a run with that of a frozen member. */
  excused = 0

  get distinct(): number {
    return this.#order.distinct
  }

  /** @param isLate it was frozen just after it had begun this, and could tell only when it woke up */
  started(member: string, run: Run, isLate: boolean): void {
    const { key, partition } = run
    const running = { ...run, member, wasFrozen: isLate || this.#frozen.has(member) }
    if (this.#unaware.has(member) && !isLate) {
      this.violations.push(`${member} started ${shown(run)} when it woke up, before it was fenced`)
    }
    const other = this.#running.get(key)
    // The other one began after it.
    if (other !== undefined && isLate) this.#excuse(running)
    else {
      if (other !== undefined) this.#overtaken(other, member, run)
      this.#running.set(key, running)
    }
    this.#order.started(member, partition, run)
  }

  /** @param isAborted whether the run's signal had fired by then */
  ended(member: string, { key }: Run, isAborted: boolean): void {
    const running = this.#running.get(key)
    if (running?.member === member) this.#running.delete(key)
    else if (isAborted) {
      for (const each of this.#superseded) {
        if (each.member === member && each.key === key) this.#superseded.delete(each)
      }
    }
    this.#order.finished(member, { key, revision: 0 })
  }

  /** It is a member, for the first time or again. */
  joined(member: string): void {
    this.#joined.add(member)
  }

  froze(member: string): void {
    this.#frozen.add(member)
    for (const run of this.#running.values()) if (run.member === member) run.wasFrozen = true
  }

  /** @param hasLost it was frozen for so long, or was cut off, so that others may have its partitions */
  woke(member: string, hasLost: boolean): void {
    this.#frozen.delete(member)
    if (hasLost && this.#joined.has(member)) this.#unaware.add(member)
  }

  /** It has found out. */
  fenced(member: string): void {
    this.#joined.delete(member)
    this.#unaware.delete(member)
    for (const run of this.#superseded) if (run.member === member) this.#superseded.delete(run)
  }

  /** Its process is gone, and all that it ran. */
  died(member: string): void {
    this.#frozen.delete(member)
    this.fenced(member)
    for (const [key, run] of this.#running) if (run.member === member) this.#running.delete(key)
  }

  verdict(published: Iterable<Expected>): Verdict {
    return { ...this.#order.verdict(published), overlapping: this.violations.length }
  }

  /** What is to be held against it once everything is over. */
  get complaints(): readonly string[] {
    const unfenced = [...this.#superseded].map(
      (run) => `${run.member} never learnt that ${shown(run)} had gone to another`,
    )
    return [...this.violations, ...unfenced]
  }

  #overtaken(other: Running, member: string, run: Run): void {
    if (other.wasFrozen) this.#excuse(other)
    else
      this.violations.push(`${member} ran ${shown(run)} while ${other.member} ran ${shown(other)}`)
  }

  #excuse(run: Running): void {
    this.excused += 1
    this.#superseded.add(run)
  }
}

const shown = ({ key, revision, partition }: Run): string =>
  `${key} ${revision} of partition ${partition}`
