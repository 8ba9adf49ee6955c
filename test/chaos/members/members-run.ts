import type { MemberStatus } from "../../../src/core/group/group-state.ts"
import { type HttpServer, serveHttp } from "../../../src/http/serve-http.ts"
import type { Router } from "../../../src/router.ts"
import { encodeProperties } from "../../../src/wire/properties.ts"
import type { Expected, Verdict } from "../../support/order-oracle.ts"
import { type Random, randomFrom } from "../../support/seed.ts"
import { quietLog, startedRouter } from "../../support/test-router.ts"
import { until } from "../../support/until.ts"
import { dropVhost, makeVhost, type Vhost } from "../../support/vhost.ts"
import { Pace, tickMs } from "../pace.ts"
import { whileMoving } from "../while-moving.ts"
import { cutOffFrozen } from "./cut-off-frozen.ts"
import { Fleet } from "./fleet.ts"

export interface MembersRunOptions {
  readonly seed: number
  /** How long members come and go; setting up and settling take their time on top. */
  readonly minutes: number
  /** At once, at most. */
  readonly members: number
  readonly partitions: number
  readonly perSecond: number
  /** Called every few seconds. */
  readonly onProgress?: (line: string) => void
}

export interface MembersReport {
  readonly seed: number
  readonly minutes: number
  readonly messages: number
  /** How often each thing happened to a member. */
  readonly acts: Readonly<Record<string, number>>
  readonly fenced: number
  /** Overlaps with runs of frozen members, which have found out. */
  readonly excused: number
  readonly groups: Readonly<Record<string, Verdict>>
  /** Empty: everything that is promised held. */
  readonly violations: readonly string[]
}

type Act = "join" | "leave" | "crash" | "freeze" | "cut off" | "restart"

const topic = "fleet"
const groups = ["classic", "quorum"] as const
/** Few and slow, so that messages wait in the members as well. */
const keys = 60
const handlerMsMax = 400
const heartbeatSeconds = 2
const times = { sessionTimeoutMs: 3_000, drainTimeoutMs: 10_000, initialDelayMs: 1_000 }
const pauseMsMax = 1_500
/** Frozen for so long, the broker has given a member's queues to others, and so has PartyMQ. */
const leaseMs = 3_500
const frozenMs = { least: 1_000, most: 7_000 }
/** For less than its lease lasts by itself. */
const frozenBrieflyMs = { least: 300, most: 1_500 }
const settleMs = 60_000

/** Members that join, leave, crash and freeze under load, from a seed; then peace, then judgement. */
export class MembersRun {
  readonly #options: MembersRunOptions
  readonly #random: Random
  readonly #acts: Record<string, number> = {}
  readonly #published: Expected[] = []
  readonly #violations: string[] = []
  #vhost: Vhost | undefined
  #router: Router | undefined
  #server: HttpServer | undefined
  #fleet: Fleet | undefined
  #isPublishing = true
  #publishing: Promise<unknown> | undefined
  #isStopped = false

  constructor(options: MembersRunOptions) {
    this.#options = options
    this.#random = randomFrom(options.seed)
  }

  async run(): Promise<MembersReport> {
    const { seed, minutes, members, onProgress = () => {} } = this.#options
    const fleet = await this.#setUp()
    const timer = setInterval(() => onProgress(this.#progress(fleet)), 3_000)
    try {
      for (let n = 0; n < Math.ceil(members / 2); n++) fleet.join()
      await this.#quiet(fleet)
      this.#publishing = this.#publish()
      await this.#moveOne(fleet, "join")
      await this.#comeAndGo(fleet, minutes * 60_000)
      for (const member of fleet.frozen) fleet.wake(member)
      await this.#moveOne(fleet, "leave")
      await this.#settle(fleet)
      const verdicts = [...fleet.oracles].map(
        ([group, oracle]) => [group, oracle.verdict(this.#published)] as const,
      )
      return {
        ...{ seed, minutes, messages: this.#published.length, acts: this.#acts },
        fenced: fleet.fenced,
        excused: [...fleet.oracles.values()].reduce((sum, { excused }) => sum + excused, 0),
        groups: Object.fromEntries(verdicts),
        violations: [
          ...verdicts.flatMap(([group, verdict]) => faults(group, verdict)),
          ...[...fleet.oracles.values()].flatMap(({ complaints }) => complaints),
          ...fleet.violations,
          ...this.#violations,
        ],
      }
    } finally {
      clearInterval(timer)
      await this.stop()
    }
  }

  /** Ends everything that was started. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#isPublishing = false
    await this.#publishing
    await this.#fleet?.stop()
    await this.#server?.stop()
    await this.#router?.stop()
    const vhost = this.#vhost
    this.#vhost = undefined
    if (vhost) await dropVhost(vhost)
  }

  async #setUp(): Promise<Fleet> {
    const { seed, partitions } = this.#options
    const vhost = await makeVhost()
    this.#vhost = vhost
    const { url, managementUrl } = vhost
    const group = (type: "classic" | "quorum") => ({ partitions, queue: { type }, members: times })
    this.#router = await startedRouter({
      amqp: { url, managementUrl },
      http: { host: "127.0.0.1", port: 0 },
      topics: {
        [topic]: {
          key: [{ use: "jsonpath", path: "$.key" }],
          groups: { classic: group("classic"), quorum: group("quorum") },
        },
      },
    })
    this.#server = serveHttp(this.#router, quietLog)
    const orders = { amqpUrl: url, httpUrl: this.#server.url, topic, groups }
    this.#fleet = await Fleet.start({
      orders: { ...orders, handlerMsMax, heartbeatSeconds },
      ...{ leaseMs, seed },
    })
    return this.#fleet
  }

  /** Keys by chance, each message once the one before it of its key is confirmed. */
  async #publish(): Promise<void> {
    const random = randomFrom(this.#options.seed + 1)
    const pace = new Pace(this.#options.perSecond)
    const properties = encodeProperties({ deliveryMode: 2 })
    const revisions = new Map<string, number>()
    const busy = new Set<string>()
    const publish = async (key: string) => {
      busy.add(key)
      const revision = (revisions.get(key) ?? 0) + 1
      const body = Buffer.from(JSON.stringify({ key, revision }))
      const { kind } = await this.#router!.publish(topic, { properties, body })
      if (kind === "accepted") this.#published.push({ key, revision })
      else this.#violations.push(`a message was not accepted: ${kind}`)
      revisions.set(key, revision)
      busy.delete(key)
    }
    while (this.#isPublishing) {
      for (let due = pace.due(); due > 0; due--) {
        const key = `key-${random.integer(keys)}`
        if (!busy.has(key)) void publish(key)
      }
      await Bun.sleep(tickMs)
    }
    await until(() => busy.size === 0, { what: "what was published to be confirmed" })
  }

  async #comeAndGo(fleet: Fleet, ms: number): Promise<void> {
    const endMs = performance.now() + ms
    const random = this.#random
    const wakings = new Map<string, number>()
    /** Those that are cut off before they are woken. */
    const doomed = new Set<string>()
    while (!this.#isStopped && performance.now() < endMs) {
      await Bun.sleep(random.next() * pauseMsMax)
      for (const [member, atMs] of wakings) {
        if (performance.now() < atMs) continue
        wakings.delete(member)
        // As late as can be: what it has been delivered until then waits for it to wake up.
        if (doomed.delete(member)) {
          await cutOffFrozen(fleet, member, { vhost: this.#vhost!, topic })
        }
        fleet.wake(member)
      }
      const act = random.pick(this.#possible(fleet))
      this.#acts[act] = (this.#acts[act] ?? 0) + 1
      const [member = ""] = random.shuffle(fleet.awake)
      if (act === "join") fleet.join()
      else if (act === "leave") await fleet.leave(member)
      else if (act === "crash") await fleet.crash(member)
      else if (act === "restart") await this.#restartCoordinator()
      else {
        fleet.freeze(member)
        if (act === "cut off") doomed.add(member)
        const { least, most } = act === "cut off" ? frozenBrieflyMs : frozenMs
        wakings.set(member, performance.now() + least + random.next() * (most - least))
      }
    }
  }

  #possible(fleet: Fleet): readonly Act[] {
    if (fleet.awake.length <= 2) return ["join"]
    const always = ["leave", "crash", "freeze", "cut off", "restart"] as const
    return fleet.size >= this.#options.members ? always : ["join", "join", "join", ...always]
  }

  /** Members go on with what they have, and tell the next one. */
  async #restartCoordinator(): Promise<void> {
    const { port } = this.#server!
    await this.#server!.stop()
    const router = this.#router!
    const http = { ...router.config.http, port }
    this.#server = serveHttp({ ...router, config: { ...router.config, http } }, quietLog)
  }

  /** One member joins or leaves a quiet group: no more partitions move than that needs. */
  async #moveOne(fleet: Fleet, act: "join" | "leave"): Promise<void> {
    const before = await this.#quiet(fleet)
    const count = fleet.size
    if (act === "join") fleet.join()
    else await fleet.leave(this.#random.pick(fleet.awake))
    const after = await this.#quiet(fleet)
    for (const group of groups) {
      const moved = moves(before[group], after[group])
      const most = Math.ceil(this.#options.partitions / (act === "join" ? count + 1 : count))
      if (moved <= most) continue
      this.#violations.push(`${moved} partitions of "${group}" moved by a ${act}, at most ${most}`)
    }
  }

  /** Waits until each member is subscribed to its even share, and answers who has which partitions. */
  async #quiet(fleet: Fleet): Promise<Record<string, readonly MemberStatus[]>> {
    const shares: Record<string, readonly MemberStatus[]> = {}
    for (const group of groups) {
      shares[group] = await until(() => this.#evenShares(group, fleet), {
        what: `the members of "${group}" to have their shares`,
        timeoutMs: settleMs,
        intervalMs: 100,
      })
    }
    return shares
  }

  async #evenShares(group: string, fleet: Fleet): Promise<readonly MemberStatus[] | undefined> {
    const answer = await fetch(`${this.#server!.url}/v1/topics/${topic}/groups/${group}/members`)
    const { members } = (await answer.json()) as { members: readonly MemberStatus[] }
    const names = members.map(({ memberId }) => memberId)
    if (!Bun.deepEquals(names, [...fleet.awake].sort())) return undefined
    const sizes = members.map(({ assigned }) => assigned.length)
    const isSettled = members.every((each) => Bun.deepEquals(each.assigned, each.subscribed))
    const isComplete = sizes.reduce((a, b) => a + b, 0) === this.#options.partitions
    const isEven = Math.max(...sizes) - Math.min(...sizes) <= 1
    return isSettled && isComplete && isEven ? members : undefined
  }

  async #settle(fleet: Fleet): Promise<void> {
    this.#isPublishing = false
    await this.#publishing
    const counts = () => [...fleet.oracles.values()].map(({ distinct }) => distinct)
    const isComplete = () => counts().every((count) => count >= this.#published.length)
    if (await whileMoving(isComplete, () => counts().join(), settleMs)) return
    this.#violations.push(`of ${this.#published.length} messages came ${counts().join(" and ")}`)
  }

  #progress(fleet: Fleet): string {
    const handled = [...fleet.oracles].map(([group, { distinct }]) => `${group} ${distinct}`)
    const { awake, frozen } = fleet
    const acts = Object.entries(this.#acts).map(([act, count]) => `${count} ${act}`)
    return (
      `${this.#published.length} published, ${handled.join(", ")}; ${awake.length} members, ` +
      `${frozen.length} frozen; ${acts.join(", ")}; ${fleet.fenced} fenced`
    )
  }
}

/** How many partitions have another owner, of those who are still there or not. */
function moves(before: readonly MemberStatus[] = [], after: readonly MemberStatus[] = []): number {
  const owners = (members: readonly MemberStatus[]) =>
    new Map(members.flatMap(({ memberId, assigned }) => assigned.map((each) => [each, memberId])))
  const had = owners(before)
  return [...owners(after)].filter(([partition, owner]) => had.get(partition) !== owner).length
}

const forbidden = ["lost", "inverted", "misplaced", "overlapping", "altered"] as const

const faults = (group: string, verdict: Verdict): string[] =>
  forbidden
    .filter((field) => verdict[field] > 0)
    .map((field) => `group "${group}": ${verdict[field]} ${field}`)
