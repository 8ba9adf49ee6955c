import type { Subject } from "./subject.ts"
import { consistentHashExchange } from "./subjects/consistent-hash-exchange.ts"
import { directPublish, directPublishOf } from "./subjects/direct-publish.ts"
import { modulusHashExchange } from "./subjects/modulus-hash-exchange.ts"
import { naiveAmqpClient } from "./subjects/naive-amqp-client.ts"
import { naiveAmqplib } from "./subjects/naive-amqplib.ts"
import { partymqAmqp } from "./subjects/partymq-amqp.ts"
import { partymqHttp } from "./subjects/partymq-http.ts"
import { partymqHttpBatch } from "./subjects/partymq-http-batch.ts"
import { baseWorkload, type Workload } from "./workload.ts"

/** One subject with one workload, measured so many times. */
export interface Case {
  /** Subjects that are compared with each other share a comparison; other axes show growth. */
  readonly axis: string
  /** What it is called on its axis. */
  readonly label: string
  readonly subject: Subject
  readonly workload: Workload
  readonly rounds: number
}

export interface Plan {
  readonly cases: readonly Case[]
  readonly latency: { readonly rounds: number; readonly workload: Workload }
  /** Run with a broker that has its data on a disk, all others with one that has them in memory. */
  readonly onDisk: readonly Case[]
}

export const comparison = "comparison"
export const comparisonOnDisk = "broker's data on a disk"

/** What it is called among all cases. */
export const caseName = ({ axis, label }: Pick<Case, "axis" | "label">): string =>
  axis === comparison ? label : `${axis}: ${label}`

/** The case by which the router's CPU is judged. */
export const cpuCaseLabel = "PartyMQ, AMQP, 60,000 messages"

/**
 * What is compared has been running for a while: the runtime compiles the hot code once more after some
 * ten thousand messages, on the processors that the broker uses as well.
 */
const comparedWorkload: Workload = { ...baseWorkload, warmUp: 20_000, messages: 15_000 }

const smokeWorkload: Workload = { ...baseWorkload, warmUp: 200, messages: 1_000 }

const everySubject: readonly Subject[] = [
  directPublish,
  consistentHashExchange,
  modulusHashExchange,
  naiveAmqplib,
  naiveAmqpClient,
  partymqAmqp,
  partymqHttp(64),
  partymqHttp(256),
  partymqHttpBatch,
]

/** What HTTP's rate could be at most: a broker does more for a message the fewer are on their way. */
const fewUnconfirmed: readonly Subject[] = [directPublishOf(256), directPublishOf(64)]

/** The broker writes to the disk all the more often the fewer messages are on their way. */
const onDisk: readonly Subject[] = [directPublish, partymqAmqp, partymqHttp(64), partymqHttp(256)]

/**
 * `full`: everything, seven to ten minutes. `quick`: what the goals need, about one. `smoke`: every subject
 * once with a handful of messages, to see that it works: its figures mean nothing.
 */
export const plans = {
  full: {
    cases: [
      ...compared(4, comparedWorkload, everySubject),
      ...compared(2, comparedWorkload, fewUnconfirmed),
      cpuCase(4),
      ...growth(2),
    ],
    latency: { rounds: 4, workload: { ...comparedWorkload, messages: 10_000 } },
    onDisk: compared(2, comparedWorkload, onDisk, comparisonOnDisk),
  },
  quick: {
    cases: [
      ...compared(2, comparedWorkload, [
        directPublish,
        consistentHashExchange,
        naiveAmqpClient,
        partymqAmqp,
        partymqHttp(64),
        partymqHttp(256),
        partymqHttpBatch,
      ]),
      cpuCase(1),
    ],
    latency: { rounds: 1, workload: { ...comparedWorkload, messages: 10_000 } },
    onDisk: [],
  },
  smoke: {
    cases: [
      ...compared(1, smokeWorkload, [...everySubject, ...fewUnconfirmed]),
      grown("everything else", "quorum, body key, 3 groups, skewed, transient", 1, {
        ...{ queueType: "quorum", keyFrom: "body", groups: 3, spread: "skewed", persistent: false },
        ...{ warmUp: 200, messages: 1_000 },
      }),
    ],
    latency: { rounds: 1, workload: smokeWorkload },
    onDisk: compared(1, smokeWorkload, onDisk, comparisonOnDisk),
  },
} as const satisfies { readonly [form: string]: Plan }

export type Form = keyof typeof plans

function compared(
  rounds: number,
  workload: Workload,
  subjects: readonly Subject[],
  axis = comparison,
): Case[] {
  return subjects.map((subject) => ({ axis, label: subject.name, subject, workload, rounds }))
}

function cpuCase(rounds: number): Case {
  const workload = { ...comparedWorkload, messages: 60_000 }
  return { axis: comparison, label: cpuCaseLabel, subject: partymqAmqp, workload, rounds }
}

/** PartyMQ over AMQP, with one thing changed at a time. */
function growth(rounds: number): Case[] {
  const grow = (axis: string, label: string, changes: Partial<Workload>) =>
    grown(axis, label, rounds, { warmUp: 10_000, messages: 10_000, ...changes })
  return [
    grow("partitions", "1", { partitions: 1 }),
    grow("partitions", "8", {}),
    grow("partitions", "64", { partitions: 64 }),
    grow("partitions", "512", { partitions: 512 }),
    grow("groups", "3 of 8 partitions", { groups: 3, messages: 6_000 }),
    grow("message size", "100 B", { bodyBytes: 100 }),
    grow("message size", "2 KB", { bodyBytes: 2_048, messages: 8_000 }),
    grow("message size", "20 KB", { bodyBytes: 20_480, warmUp: 500, messages: 2_500 }),
    grow("key", "JSONPath in the body", { keyFrom: "body" }),
    grow("queues", "quorum", { queueType: "quorum" }),
    grow("messages", "transient", { persistent: false }),
    grow("keys", "skewed", { spread: "skewed" }),
    grow("keys", "a single one", { spread: "single" }),
    grow("backlog", "120,000", { messages: 120_000 }),
  ].map((each) => (each.axis === "backlog" ? { ...each, rounds: 1 } : each))
}

function grown(axis: string, label: string, rounds: number, changes: Partial<Workload>): Case {
  const workload = { ...baseWorkload, ...changes }
  return { axis, label, subject: partymqAmqp, workload, rounds }
}
