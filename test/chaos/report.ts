import type { Verdict } from "../support/order-oracle.ts"
import { prefetch } from "./chaos-topic.ts"
import type { FaultLog } from "./fault-log.ts"
import type { Scene } from "./scene.ts"

export interface ChaosReport {
  readonly seed: number
  readonly minutes: number
  readonly rabbitmq: string
  readonly routers: number
  readonly load: {
    readonly confirmed: number
    readonly perSecond: number
    readonly amqp: number
    readonly http: number
    readonly poison: number
    /** With properties that are hard to pass on. */
    readonly dressed: number
  }
  readonly faults: Readonly<Record<string, number>>
  readonly groups: Readonly<Record<string, Verdict>>
  /** What could be in flight at the losses there were, all of it twice. */
  readonly duplicatesMax: number
  readonly routerConnections: number
  readonly routerReconnects: number
  /** Reported by the routers themselves. */
  readonly orderViolations: number
  readonly routerMegabytesMax: number
  /** Empty: everything that is promised held. */
  readonly violations: readonly string[]
}

export interface ReportOptions {
  readonly scene: Scene
  readonly faults: FaultLog
  readonly seed: number
  readonly minutes: number
  readonly loadMs: number
}

/** Of the verdict: what must not be at all, while duplicates are bounded. */
const forbidden = ["lost", "inverted", "misplaced", "overlapping", "altered"] as const

export function reportOn(options: ReportOptions): ChaosReport {
  const { scene, faults, seed, minutes, loadMs } = options
  const { ledger, routers } = scene
  const verdicts = scene.groups.map(
    ({ name, watch }) => [name, watch.verdict(ledger.confirmed)] as const,
  )
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
  const { amqp, http } = ledger.perDoor
  return {
    seed,
    minutes,
    rabbitmq: scene.broker.version,
    routers: routers.length,
    load: {
      confirmed: amqp + http,
      perSecond: Math.round((amqp + http) / (loadMs / 1_000)),
      amqp,
      http,
      poison: ledger.poison.size,
      dressed: ledger.dressed,
    },
    faults: faults.counts,
    groups: Object.fromEntries(verdicts),
    duplicatesMax: duplicatesMax(scene),
    routerConnections: scene.proxy.accepted,
    routerReconnects: sum(routers.map((router) => router.reconnects)),
    orderViolations: sum(routers.map((router) => router.orderViolations)),
    routerMegabytesMax: Math.ceil(
      Math.max(...routers.map((router) => router.residentBytesMax)) / 1024 ** 2,
    ),
    violations: [
      ...verdicts.flatMap(([name, verdict]) => violationsOf(name, verdict, duplicatesMax(scene))),
      ...scene.groups.flatMap(({ watch }) => [...strayViolations(watch), ...watch.examples]),
      ...deadLetterViolations(scene),
      ...ledger.violations,
      ...routers.flatMap((router) => router.violations),
      ...faults.failures.map((failure) => `fault not brought about: ${failure}`),
      ...(scene.isDrained ? [] : ["not everything was confirmed and delivered in the end"]),
    ],
  }
}

/**
 * Each connection of a router may leave as much in flight as the source hands out, each message that
 * was sent again by its producer may be there twice, and so may what a consumer had not acked.
 */
function duplicatesMax({ proxy, ledger, groups }: Scene): number {
  const consumers = groups.flatMap((group) => group.consumers)
  const redelivered = consumers.reduce((total, { unsettled }) => total + unsettled, 0)
  return proxy.accepted * prefetch + ledger.resent + redelivered
}

function violationsOf(group: string, verdict: Verdict, most: number): string[] {
  const found = forbidden
    .filter((field) => verdict[field] > 0)
    .map((field) => `group "${group}": ${verdict[field]} ${field}`)
  if (verdict.duplicated <= most) return found
  return [
    ...found,
    `group "${group}": ${verdict.duplicated} duplicated, at most ${most} were in flight`,
  ]
}

const strayViolations = ({ name, strays }: { name: string; strays: number }): string[] =>
  strays === 0 ? [] : [`group "${name}": ${strays} that do not belong there`]

function deadLetterViolations({ deadLetters, ledger }: Scene): string[] {
  const missing = deadLetters.missing(ledger.poison)
  const { good, altered } = deadLetters
  return [
    ...(missing.length > 0 ? [`${missing.length} poison messages were not dead-lettered`] : []),
    ...(good.length > 0 ? [`${good.length} good messages were dead-lettered: ${good[0]}`] : []),
    ...(altered > 0 ? [`${altered} altered in the dead-letter queue`] : []),
  ]
}
