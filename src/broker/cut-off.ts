import { bounds } from "../core/bounds.ts"
import type { Log } from "../log.ts"
import type { Management } from "./management.ts"

/**
 * Closes the connections of a member that is one no more, so that the broker gives its queues to the
 * next, and what it still does about a message comes to nothing. Its consumers are known by their tag,
 * which is the member's id. What cannot be asked is asked again, for a while.
 * @param isGone asked before each step: whether that is still to be done
 * @returns how many were closed; none without a management API
 */
export async function cutOff(
  management: Management | undefined,
  member: string,
  queues: readonly string[],
  log: Log,
  isGone: () => boolean,
): Promise<number> {
  if (management === undefined) return 0
  for (let attempt = 1; isGone(); attempt++) {
    try {
      return await closeAll(management, member, queues, isGone)
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown"
      const isLast = attempt === bounds.cutOffAttemptsMax
      if (attempt === 1 || isLast) log.warn({ member, reason }, "a member cannot be cut off")
      if (isLast) return 0
      await Bun.sleep(bounds.cutOffPauseMs)
    }
  }
  return 0
}

async function closeAll(
  management: Management,
  member: string,
  queues: readonly string[],
  isGone: () => boolean,
): Promise<number> {
  const connections = new Set<string>()
  for (const queue of queues) {
    for (const { consumerTag, connection } of await management.consumers(queue)) {
      if (consumerTag === member) connections.add(connection)
    }
  }
  let closed = 0
  for (const connection of connections) {
    // Once it is back it has another, with the same tag.
    if (isGone() && (await management.closeConnection(connection, "the member was fenced")))
      closed += 1
  }
  return closed
}
