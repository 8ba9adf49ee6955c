import { deadLetterQueue, generationLog, sourceLock } from "./generation.ts"

/** Whether a queue of that name is one that PartyMQ keeps for a topic with these groups. */
export function isOwnQueue(topic: string, groups: readonly string[], queue: string): boolean {
  const ofTopic = [deadLetterQueue(topic), generationLog(topic), sourceLock(topic)]
  const ofGroup = groups.map((group) => `partymq.${topic}.${group}.`)
  return ofTopic.includes(queue) || ofGroup.some((beginning) => queue.startsWith(beginning))
}
