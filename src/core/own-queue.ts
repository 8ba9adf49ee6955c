import { deadLetterQueue, generationLog, groupPrefix, sourceLock } from "./generation.ts"

/** Whether a queue of that name is one that PartyMQ keeps for a topic with these groups. */
export function isOwnQueue(topic: string, groups: readonly string[], queue: string): boolean {
  const ofTopic = [deadLetterQueue(topic), generationLog(topic), sourceLock(topic)]
  const isOfGroup = (group: string) => queue.startsWith(groupPrefix(topic, group))
  return ofTopic.includes(queue) || groups.some(isOfGroup)
}
