import { bounds } from "../../src/core/bounds.ts"
import { Dispatch } from "../../src/core/dispatch.ts"
import { Outbox } from "../../src/core/outbox.ts"
import { groupRoute, type TopicRoute } from "../../src/core/route.ts"
import { groupStats, topicStats } from "../../src/core/stats.ts"

export const backoff = { firstMs: 1, maxMs: 10 }

/**
 * A topic's way out, to one queue: what is sent on it is confirmed only if the test does so.
 * @param published is told the number of what is sent
 */
export function heldWayOut(topic: string, published: (sent: number) => void = () => {}) {
  const route: TopicRoute = {
    topic,
    extractKey: () => "k",
    onMissingKey: "dead-letter",
    groups: [groupRoute({ group: "g", generation: 1, partition: () => 0, queues: ["p0"] })],
  }
  let sent = 0
  const publish = () => published(++sent)
  const gather = () => setTimeout(() => outbox.gathered(), bounds.gatherMs)
  const outbox: Outbox = new Outbox({ publish, backOff: () => {}, gather })
  const options = { mayRefuse: false, returnsMax: 1, backoff, random: () => 0, stats: groupStats() }
  const deadLetters = outbox.addLane({ ...options, queue: "dlq" })
  const lane = outbox.addLane({ ...options, queue: "p0" })
  outbox.opened()
  const stats = topicStats(["g"])
  const dispatch = new Dispatch(route, new Map([["p0", lane]]), stats)
  return { dispatch, lane, deadLetters, outbox, stats, sent: () => sent }
}
