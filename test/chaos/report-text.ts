import type { ChaosReport } from "./report.ts"

/** The report for people. */
export function reportText(report: ChaosReport): string {
  const { load, faults, groups, violations } = report
  const { confirmed, perSecond, amqp, http, poison, dressed } = load
  const rows = [
    ["group", "lost", "inverted", "misplaced", "overlapping", "altered", "duplicated"],
    ...Object.entries(groups).map(([name, verdict]) => [
      name,
      ...[verdict.lost, verdict.inverted, verdict.misplaced].map(String),
      ...[verdict.overlapping, verdict.altered, verdict.duplicated].map(String),
    ]),
  ]
  const injected = Object.values(faults).reduce((sum, count) => sum + count, 0)
  const kinds = Object.entries(faults).map(([kind, count]) => `${count} ${kind}`)
  return [
    `run         seed ${report.seed}, ${report.minutes} minutes, RabbitMQ ${report.rabbitmq}, ${report.routers} routers`,
    `load        ${confirmed} confirmed, ${perSecond} a second: ${amqp} over AMQP (${poison} of them poison, ${dressed} hard to pass on), ${http} over HTTP`,
    `faults      ${injected}: ${kinds.join(", ")}`,
    `routers     ${report.routerConnections} connections in all, ${report.routerMegabytesMax} MB resident at most`,
    `duplicates  at most ${report.duplicatesMax} by what was in flight; routers report ${report.orderViolations} order violations`,
    "",
    ...rows.map((cells) =>
      cells
        .map((cell) => cell.padEnd(13))
        .join("")
        .trimEnd(),
    ),
    "",
    ...violations.map((violation) => `VIOLATION: ${violation}`),
    violations.length === 0
      ? `everything that is promised held; seed ${report.seed}`
      : `${violations.length} violations; to repeat: --seed ${report.seed} --minutes ${report.minutes} --routers ${report.routers}`,
  ].join("\n")
}
