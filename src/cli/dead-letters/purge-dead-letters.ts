import { countMessages, purgeMessages } from "../../broker/dead-letters.ts"
import { UsageError } from "../usage-error.ts"
import { withConnection } from "../with-connection.ts"
import type { DeadLetterTask } from "./dead-letter-task.ts"

/**
 * `partymq dlq purge`: deletes a topic's dead letters, after asking.
 * @throws {UsageError} when there is nobody to ask and `force` is not given
 */
export async function purgeDeadLetters(
  { queue, loaded, terminal }: DeadLetterTask,
  { force = false }: { readonly force?: boolean },
): Promise<void> {
  if (!force && !process.stdin.isTTY) throw new UsageError("nobody to ask: delete with --force")
  await withConnection(loaded.config, async (connection) => {
    const count = (await countMessages(connection, queue)) ?? 0
    if (!force && !confirm(`Delete ${count} messages of "${queue}" for good?`)) return
    const deleted = await purgeMessages(connection, queue)
    terminal.print(`${deleted} deleted`, { deleted })
  })
}
