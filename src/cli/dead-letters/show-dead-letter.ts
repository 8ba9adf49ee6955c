import { visitMessages } from "../../broker/dead-letters.ts"
import { original } from "../../core/dead-letter.ts"
import { shownMessage } from "../../shown-message.ts"
import { CommandFailed } from "../command-failed.ts"
import { withConnection } from "../with-connection.ts"
import type { DeadLetterTask } from "./dead-letter-task.ts"
import { described } from "./described.ts"

/**
 * `partymq dlq show`: one dead letter whole; it stays where it is.
 * @param number its place in the list, from 1
 */
export async function showDeadLetter(
  { queue, loaded, terminal }: DeadLetterTask,
  number: number,
): Promise<void> {
  let found: object | undefined
  let at = 0
  await withConnection(loaded.config, (connection) =>
    visitMessages(connection, queue, number, (delivery) => {
      at += 1
      if (at === number) {
        const message = shownMessage({ ...delivery, properties: original(delivery.properties) })
        found = { number, ...described(delivery), message }
      }
      return "keep"
    }),
  )
  if (found === undefined) {
    const fact = `there is no dead letter ${number} in "${queue}": there are ${at}`
    throw new CommandFailed("no_such_dead_letter", fact)
  }
  terminal.print(JSON.stringify(found, null, 2), found)
}
