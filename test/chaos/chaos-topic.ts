import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { partitionQueue } from "../../src/core/generation.ts"
import { keyHeader } from "./chaos-event.ts"

export const topic = "chaos"
export const sourceQueue = "chaos.source"
/** Of the source: what may be delivered twice after each loss of a router's connection. */
export const prefetch = 256

/** The group whose queues refuse what is over a few messages. */
export const boundedGroup = "bounded"

/**
 * Of each queue type, partitioner and overflow one; the bounded one is a quorum queue, because a classic
 * one with a length limit loses messages when the broker restarts (`test/facts/length-limit.test.ts`).
 */
export const groups = {
  wide: { partitions: 8, partitioner: { use: "consistent-hash" }, queue: { type: "quorum" } },
  narrow: { partitions: 3, partitioner: { use: "rendezvous-hash" }, queue: { type: "classic" } },
  [boundedGroup]: { partitions: 2, queue: { type: "quorum", maxLength: 100 } },
} as const satisfies ConfigInput["topics"][string]["groups"]

export const queuesOf = (group: keyof typeof groups | string): readonly string[] => {
  const { partitions } = groups[group as keyof typeof groups]
  return Array.from({ length: partitions }, (_, index) => partitionQueue(topic, group, 1, index))
}

/** Faults last seconds, so everything that waits for one to be noticed is set to seconds as well. */
export function writeConfig(folder: string, url: string): void {
  const config: ConfigInput = {
    amqp: { url, heartbeatSeconds: 2, confirmTimeoutMs: 6_000 },
    http: { host: "127.0.0.1", port: 0, publishTimeoutMs: 4_000 },
    log: { level: "warn" },
    topics: {
      [topic]: {
        source: { queue: sourceQueue, prefetch },
        key: [
          { use: "header", name: keyHeader },
          { use: "jsonpath", path: "$.key" },
        ],
        groups,
        retry: { backoffMaxMs: 1_000 },
      },
    },
  }
  writeFileSync(join(folder, "partymq.config.json"), JSON.stringify(config))
}
