import { Counter, Gauge, type Registry } from "prom-client"
import type { ClientCounts } from "../broker/clients/client-counts.ts"
import type { Router } from "../router.ts"

type Samples = (counts: ClientCounts) => readonly (readonly [Record<string, string>, number])[]

const one =
  (count: (counts: ClientCounts) => number): Samples =>
  (counts) => [[{}, count(counts)]]
const each =
  (label: string, of: (counts: ClientCounts) => object): Samples =>
  (counts) =>
    Object.entries(of(counts)).map(([name, count]) => [{ [label]: name }, count as number])

/** Clients of client-bound groups, and what became of their partitions. */
export function registerClientMetrics(registry: Registry, router: Router): void {
  const common = ["topic", "group"]
  const gauge = (name: string, help: string, labels: readonly string[], samples: Samples) =>
    new Gauge({
      ...{ name, help, labelNames: [...common, ...labels], registers: [registry] },
      collect() {
        for (const { topic, group, counts } of router.clientGroups) {
          for (const [own, value] of samples(counts)) this.set({ topic, group, ...own }, value)
        }
      },
    })
  const counter = (name: string, help: string, labels: readonly string[], samples: Samples) =>
    new Counter({
      ...{ name, help, labelNames: [...common, ...labels], registers: [registry] },
      collect() {
        this.reset()
        for (const { topic, group, counts } of router.clientGroups) {
          for (const [own, value] of samples(counts)) this.inc({ topic, group, ...own }, value)
        }
      },
    })
  const prefix = "partymq_client"
  gauge(
    `${prefix}s`,
    "Clients of the group",
    ["phase"],
    each("phase", ({ clients }) => clients),
  )
  gauge(
    `${prefix}_held_partitions`,
    "Partitions that wait for a client's queue to be empty",
    [],
    one(({ held }) => held),
  )
  counter(
    `${prefix}_forwarded_messages_total`,
    "Messages confirmed in clients' queues",
    [],
    one(({ forwarded }) => forwarded),
  )
  counter(
    `${prefix}_rerouted_messages_total`,
    "Messages taken back from clients that have gone",
    [],
    one(({ rerouted }) => rerouted),
  )
  counter(
    `${prefix}_left_messages_total`,
    "Messages left in queues of clients that have gone, as the broker takes them nowhere",
    [],
    one(({ left }) => left),
  )
  gauge(
    `${prefix}_problems`,
    "What stands still until somebody does something about it",
    [],
    one(({ problems }) => problems),
  )
  counter(
    `${prefix}_expired_total`,
    "Clients that were not heard of for too long",
    [],
    one(({ expired }) => expired),
  )
  counter(
    `${prefix}_moved_partitions_total`,
    "Partitions that went on with another client",
    ["how"],
    each("how", ({ moved }) => moved),
  )
}
