import { Counter, Gauge, type Registry } from "prom-client"
import type { GroupStats, RouterStats, TopicStats } from "../core/stats.ts"
import type { Router } from "../router.ts"

/** Samples of one metric: labels and value. */
type Samples = readonly (readonly [labels: Record<string, string>, value: number])[]

/** Registers what the router counts; the numbers are read when somebody asks. */
export function registerRouterMetrics(registry: Registry, router: Router): void {
  const counter = (
    [name, help]: readonly [string, string, unknown],
    labelNames: string[],
    read: (stats: RouterStats) => Samples,
  ) =>
    void new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset()
        for (const [labels, value] of read(router.stats)) this.inc(labels, value)
      },
    })
  for (const row of topicCounters) counter(row, ["topic"], perTopic(row[2]))
  for (const row of reasonCounters) counter(row, ["topic", "reason"], perReason(row[2]))
  for (const row of groupCounters) counter(row, ["topic", "group"], perGroup(row[2]))
  counter(reconnects, ["connection"], reconnects[2])
  for (const [name, help, read] of topicGauges) {
    new Gauge({
      name,
      help,
      labelNames: ["topic"],
      registers: [registry],
      collect() {
        for (const [labels, value] of perTopic(read)(router.stats)) this.set(labels, value)
      },
    })
  }
  new Gauge({
    name: "partymq_ready",
    help: "1 when messages can come in and go out, else 0",
    registers: [registry],
    collect() {
      this.set(router.readiness().ready ? 1 : 0)
    },
  })
}

const reconnects: readonly [string, string, (stats: RouterStats) => Samples] = [
  "partymq_reconnects_total",
  "Connections opened again after a loss",
  (stats) => Object.entries(stats.reconnects).map(([connection, n]) => [{ connection }, n]),
]

type TopicRead = (stats: TopicStats) => number
type GroupRead = (stats: GroupStats) => number

const topicCounters: readonly (readonly [string, string, TopicRead])[] = [
  ["partymq_consumed_messages_total", "Messages taken from the source queue", (t) => t.consumed],
  [
    "partymq_settled_messages_total",
    "Messages of the source acked: every copy confirmed, or dead-lettered",
    (t) => t.settled,
  ],
  ["partymq_accepted_messages_total", "Messages taken over HTTP and confirmed", (t) => t.accepted],
]

const reasonCounters: readonly (readonly [
  string,
  string,
  (stats: TopicStats) => Readonly<Record<string, number>>,
])[] = [
  ["partymq_rejected_messages_total", "Messages rejected, by reason", (t) => t.rejected],
  ["partymq_dead_lettered_messages_total", "Messages dead-lettered", (t) => t.deadLettered],
]

const groupCounters: readonly (readonly [string, string, GroupRead])[] = [
  ["partymq_confirmed_copies_total", "Copies confirmed by the broker", (g) => g.confirmed],
  ["partymq_nacked_copies_total", "Copies the broker refused", (g) => g.nacked],
  ["partymq_returned_copies_total", "Copies whose queue did not exist", (g) => g.returned],
  ["partymq_retried_copies_total", "Copies sent again, for whatever reason", (g) => g.retried],
  [
    "partymq_order_violations_total",
    "A later message of a key was accepted before an earlier one that the broker had refused",
    (g) => g.orderViolations,
  ],
]

const topicGauges: readonly (readonly [string, string, TopicRead])[] = [
  [
    "partymq_in_flight_messages",
    "Messages taken in and not yet settled",
    (t) => t.inFlightMessages,
  ],
  ["partymq_in_flight_bytes", "Their bodies and properties", (t) => t.inFlightBytes],
]

const perTopic =
  (read: TopicRead) =>
  ({ topics }: RouterStats): Samples =>
    Object.entries(topics).map(([topic, stats]) => [{ topic }, read(stats)])

const perReason =
  (read: (stats: TopicStats) => Readonly<Record<string, number>>) =>
  ({ topics }: RouterStats): Samples =>
    Object.entries(topics).flatMap(([topic, stats]) =>
      Object.entries(read(stats)).map(([reason, value]) => [{ topic, reason }, value] as const),
    )

const perGroup =
  (read: GroupRead) =>
  ({ topics }: RouterStats): Samples =>
    Object.entries(topics).flatMap(([topic, { groups }]) =>
      Object.entries(groups).map(([group, stats]) => [{ topic, group }, read(stats)] as const),
    )
