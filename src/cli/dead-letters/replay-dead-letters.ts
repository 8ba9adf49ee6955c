import type { Delivery } from "../../broker/content-reader.ts"
import { type Verdict, visitMessages } from "../../broker/dead-letters.ts"
import { original, readNote } from "../../core/dead-letter.ts"
import { givenKey } from "../../core/given-key.ts"
import { messageView } from "../../core/message-view.ts"
import type { Incoming, PublishOutcome } from "../../core/outcome.ts"
import type { Router } from "../../router.ts"
import { CommandFailed } from "../command-failed.ts"
import { commandLog } from "../command-log.ts"
import { withConnection } from "../with-connection.ts"
import { withPublishingRouter } from "../with-publishing-router.ts"
import type { DeadLetterTask } from "./dead-letter-task.ts"

/** `partymq dlq replay`: routes dead letters again; what is rejected again stays where it is. */
export async function replayDeadLetters(
  { topic, queue, loaded, terminal }: DeadLetterTask,
  { limit }: { readonly limit: number },
): Promise<void> {
  const { config } = loaded
  const counts = { replayed: 0, rejectedAgain: 0 }
  let trouble: string | undefined
  const replay = async (router: Router, delivery: Delivery): Promise<Verdict> => {
    const outcome = await publishAgain(router, topic, delivery)
    if (outcome.kind === "accepted") {
      counts.replayed += 1
      return "remove"
    }
    if (outcome.kind === "rejected" || outcome.kind === "gone") {
      counts.rejectedAgain += 1
      terminal.say(`kept: ${outcome.detail}`)
      return "keep"
    }
    // What the broker did not take ends the replay: going on could overtake it.
    trouble = outcome.detail
    return "stop"
  }
  await withPublishingRouter(loaded, commandLog(config), (router) =>
    withConnection(config, (connection) =>
      visitMessages(connection, queue, limit, (delivery) => replay(router, delivery)),
    ),
  )
  const { replayed, rejectedAgain } = counts
  terminal.print(`${replayed} replayed, ${rejectedAgain} rejected again and kept`, counts)
  if (trouble !== undefined) throw new CommandFailed("replay_interrupted", trouble)
}

interface GroupGone {
  readonly kind: "gone"
  readonly detail: string
}

/** As it first came, and only to the groups that did not get it then. */
async function publishAgain(
  router: Router,
  topic: string,
  { properties, body }: Delivery,
): Promise<PublishOutcome | GroupGone> {
  const { groups, source } = readNote(properties)
  const message = withGivenKey(router, topic, { properties: original(properties), body }, source)
  if (groups === undefined) return router.publish(topic, message)
  const configured = router.config.topics[topic]!.groups
  const gone = groups.find((group) => !Object.hasOwn(configured, group))
  // Published to nobody it would count as delivered, and be lost.
  if (gone !== undefined) {
    return { kind: "gone", detail: `it was meant for group "${gone}", which is not configured` }
  }
  return router.publish(topic, message, { groups })
}

/**
 * What a consumer dead-lettered may have been placed by a key that its producer set outright, for which
 * no extractor is asked. A message from a source may bear that header without having been placed by
 * it. Which it was shows in the queue that it was in.
 */
function withGivenKey(
  router: Router,
  topic: string,
  message: Incoming,
  queue: string | undefined,
): Incoming {
  const key = givenKey(messageView(message.properties, message.body))
  if (key === undefined || isPlacedIn(router, topic, message, queue)) return message
  const given = { ...message, key }
  return isPlacedIn(router, topic, given, queue) ? given : message
}

function isPlacedIn(
  router: Router,
  topic: string,
  message: Incoming,
  queue: string | undefined,
): boolean {
  const decision = router.explain(topic, message)
  if (decision.kind === "rejected") return false
  // One that is spread could have been anywhere.
  return decision.key !== undefined && decision.placements.some((each) => each.queue === queue)
}
