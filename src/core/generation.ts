import { deepEqual } from "./deep-equal.ts"

/**
 * One immutable mapping of a group's keys to partitions. It is recorded in the broker when it is
 * first used; from then on every process routes by the record, and a configuration that says
 * something else is reported and not applied.
 */
export interface Generation {
  readonly topic: string
  readonly group: string
  /** 1 is the first. */
  readonly generation: number
  readonly partitions: number
  readonly weights?: readonly number[]
  readonly partitioner: { readonly name: string; readonly options: unknown }
  /** Over the placements of fixed sample keys: two mappings that differ show it here. */
  readonly fingerprint?: string
  /** The partition queues' settings, as configured. */
  readonly queue: { readonly [setting: string]: unknown }
}

/** How the names of all queues that PartyMQ keeps for a group begin. */
export const groupPrefix = (topic: string, group: string): string => `partymq.${topic}.${group}.`

/** The name of a partition queue. */
export const partitionQueue = (
  topic: string,
  group: string,
  generation: number,
  partition: number,
): string => `${groupPrefix(topic, group)}g${generation}.p${partition}`

/** The name of a queue that comes before a partition queue of a client-bound group. */
export const frontQueue = (partitionQueue: string, front: number): string =>
  `${partitionQueue}.r${front}`

/** The name of the queue that holds the record of a client-bound group. */
export const clientsRecord = (topic: string, group: string): string =>
  `${groupPrefix(topic, group)}clients`

/** The name of the queue that the router holds which serves the clients of a group. */
export const clientsLock = (topic: string, group: string): string =>
  `${groupPrefix(topic, group)}clients-lock`

/** The name of a topic's dead-letter queue. */
export const deadLetterQueue = (topic: string): string => `partymq.${topic}.dlq`

/** The name of the queue that a router holds while it reads a source that is not single-active. */
export const sourceLock = (topic: string): string => `partymq.${topic}.source-lock`

/** The name of the stream that holds a topic's generations. */
export const generationLog = (topic: string): string => `partymq.${topic}.generations`

/** The name of the stream that holds what has happened to a group's parked keys. */
export const parkedKeyLog = (topic: string, group: string): string =>
  `${groupPrefix(topic, group)}keys`

/** The name of the queue that holds the messages of a parked key, for one stay. */
export const parkingQueue = (topic: string, group: string, stay: number): string =>
  `${groupPrefix(topic, group)}parked.${stay}`

/** What two mappings differ in, a line each for people; empty when they are one. */
export function differences(recorded: Generation, wanted: Generation): string[] {
  const compare = (name: string, was: unknown, is: unknown) =>
    deepEqual(was, is)
      ? []
      : [`${name}: recorded ${JSON.stringify(was)}, configured ${JSON.stringify(is)}`]
  const found = [
    ...compare("partitions", recorded.partitions, wanted.partitions),
    ...compare("weights", recorded.weights, wanted.weights),
    ...compare("partitioner", recorded.partitioner.name, wanted.partitioner.name),
    ...compare("partitioner options", recorded.partitioner.options, wanted.partitioner.options),
    ...compare("queue", recorded.queue, wanted.queue),
  ]
  const sameSettings = found.length === 0
  if (sameSettings && recorded.fingerprint !== wanted.fingerprint) {
    found.push(
      `partitioner "${wanted.partitioner.name}" places keys differently from when it was recorded: ` +
        "its code has changed, or it does not answer alike in every process",
    )
  }
  return found
}
