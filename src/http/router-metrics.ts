import { Counter, Gauge, type Registry } from "prom-client"
import type { GroupStats, RouterStats, TopicStats } from "../core/stats.ts"
import type { Router } from "../router.ts"

/** Samples of one metric: labels and value. */
type Samples = readonly (readonly [labels: Record<string, string>, value: number])[]

/** Registers what the router counts; the numbers are read when somebody asks. */
export function registerRouterMetrics(registry: Registry, router: Router): void {
  for (const [name, labelNames, help, read] of counters) {
    new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        this.reset()
        for (const [labels, value] of read(router.stats)) this.inc(labels, value)
      },
    })
  }
  for (const [name, labelNames, help, read] of gauges) {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        for (const [labels, value] of read(router.stats)) this.set(labels, value)
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
  new Gauge({
    name: "partymq_impaired_queues",
    help: "Queues that nothing is published to until they are put right",
    registers: [registry],
    collect() {
      const readiness = router.readiness()
      this.set(readiness.ready ? (readiness.impaired?.length ?? 0) : 0)
    },
  })
}

type Row = readonly [
  name: string,
  labels: readonly string[],
  help: string,
  read: (stats: RouterStats) => Samples,
]
type ByReason = Readonly<Record<string, number>>

const perTopic =
  (read: (stats: TopicStats) => number) =>
  ({ topics }: RouterStats): Samples =>
    Object.entries(topics).map(([topic, stats]) => [{ topic }, read(stats)])

const perReason =
  (read: (stats: TopicStats) => ByReason) =>
  ({ topics }: RouterStats): Samples =>
    Object.entries(topics).flatMap(([topic, stats]) =>
      Object.entries(read(stats)).map(([reason, value]) => [{ topic, reason }, value] as const),
    )

const perGroup =
  (read: (stats: GroupStats) => number) =>
  ({ topics }: RouterStats): Samples =>
    Object.entries(topics).flatMap(([topic, { groups }]) =>
      Object.entries(groups).map(([group, stats]) => [{ topic, group }, read(stats)] as const),
    )

const topic = ["topic"] as const
const topicAndReason = ["topic", "reason"] as const
const topicAndGroup = ["topic", "group"] as const

const counters: readonly Row[] = [
  [
    "partymq_consumed_messages_total",
    topic,
    "Messages taken from the source queue",
    perTopic((t) => t.consumed),
  ],
  [
    "partymq_settled_messages_total",
    topic,
    "Messages of the source acked: every copy confirmed, or dead-lettered",
    perTopic((t) => t.settled),
  ],
  [
    "partymq_accepted_messages_total",
    topic,
    "Messages taken over HTTP and confirmed",
    perTopic((t) => t.accepted),
  ],
  [
    "partymq_rejected_messages_total",
    topicAndReason,
    "Messages rejected, by reason",
    perReason((t) => t.rejected),
  ],
  [
    "partymq_dead_lettered_messages_total",
    topicAndReason,
    "Messages dead-lettered",
    perReason((t) => t.deadLettered),
  ],
  [
    "partymq_confirmed_copies_total",
    topicAndGroup,
    "Copies confirmed by the broker",
    perGroup((g) => g.confirmed),
  ],
  [
    "partymq_nacked_copies_total",
    topicAndGroup,
    "Copies the broker refused",
    perGroup((g) => g.nacked),
  ],
  [
    "partymq_returned_copies_total",
    topicAndGroup,
    "Copies whose queue did not exist",
    perGroup((g) => g.returned),
  ],
  [
    "partymq_retried_copies_total",
    topicAndGroup,
    "Copies sent again, for whatever reason",
    perGroup((g) => g.retried),
  ],
  [
    "partymq_order_violations_total",
    topicAndGroup,
    "A later message of a key was accepted before an earlier one that the broker had refused",
    perGroup((g) => g.orderViolations),
  ],
  [
    "partymq_dead_letter_nacked_copies_total",
    topic,
    "Dead letters the broker refused",
    perTopic((t) => t.deadLetterCopies.nacked),
  ],
  [
    "partymq_dead_letter_returned_copies_total",
    topic,
    "Dead letters whose queue did not exist",
    perTopic((t) => t.deadLetterCopies.returned),
  ],
  [
    "partymq_dead_letter_retried_copies_total",
    topic,
    "Dead letters sent again",
    perTopic((t) => t.deadLetterCopies.retried),
  ],
  [
    "partymq_reconnects_total",
    ["connection"],
    "Connections opened again after a loss",
    ({ reconnects }) => Object.entries(reconnects).map(([connection, n]) => [{ connection }, n]),
  ],
  [
    "partymq_connection_losses_total",
    ["connection", "reason"],
    "Connections lost, by reason",
    ({ losses }) =>
      Object.entries(losses).flatMap(([connection, byReason]) =>
        Object.entries(byReason).map(([reason, n]) => [{ connection, reason }, n] as const),
      ),
  ],
]

const unsettled = ({ lanes }: GroupStats) => lanes.reduce((sum, { size }) => sum + size, 0)
const waiting = (stats: GroupStats) => unsettled(stats) - stats.inFlight

const gauges: readonly Row[] = [
  [
    "partymq_held_messages",
    topic,
    "Messages that the broker takes nowhere; they stay in the source queue, unacked",
    perTopic((t) => t.heldMessages),
  ],
  [
    "partymq_in_flight_messages",
    topic,
    "Messages taken in and not yet settled",
    perTopic((t) => t.inFlightMessages),
  ],
  [
    "partymq_in_flight_bytes",
    topic,
    "Their bodies and properties",
    perTopic((t) => t.inFlightBytes),
  ],
  [
    "partymq_in_flight_copies",
    topicAndGroup,
    "Copies sent and not answered by the broker",
    perGroup((g) => g.inFlight),
  ],
  [
    "partymq_waiting_copies",
    topicAndGroup,
    "Copies that wait to be sent, or to be sent again",
    perGroup(waiting),
  ],
  [
    "partymq_dead_letter_unsettled_copies",
    topic,
    "Dead letters that the broker has not confirmed",
    perTopic((t) => unsettled(t.deadLetterCopies)),
  ],
  [
    "partymq_source_oldest_unsettled_seconds",
    topic,
    "Since when the oldest message of the source that is not settled is here; 0 when there is none",
    perTopic((stats) => {
      const oldestMs = stats.oldestArrivedMs()
      return oldestMs === undefined ? 0 : Math.max(0, Date.now() - oldestMs) / 1000
    }),
  ],
  [
    "partymq_oldest_unconfirmed_seconds",
    [],
    "How long the oldest publish has not been confirmed; looked at once a second",
    ({ oldestUnconfirmedSeconds }) => [[{}, oldestUnconfirmedSeconds]],
  ],
]
