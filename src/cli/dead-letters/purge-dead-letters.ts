import type { Connection } from "../../broker/connection.ts"
import { countMessages } from "../../broker/dead-letters.ts"
import { type Removed, removeOldest } from "../../broker/remove-oldest.ts"
import { readNote } from "../../core/dead-letter.ts"
import { askPerson } from "../ask-person.ts"
import { CommandFailed } from "../command-failed.ts"
import { stopSignals } from "../stop-signals.ts"
import { UsageError } from "../usage-error.ts"
import { withConnection } from "../with-connection.ts"
import { withProgress } from "../with-progress.ts"
import type { DeadLetterTask } from "./dead-letter-task.ts"

const nobodyToAsk = "standard input is no terminal, so nobody can be asked; --force does not ask"

/**
 * `partymq dlq purge`: deletes the dead letters that a topic has when it begins, after asking. What comes
 * later stays: no more are deleted than were asked about, and none that says it is younger than that, as
 * would come to it if somebody else had taken older ones meanwhile.
 *
 * @throws {UsageError} when there is nobody to ask and `force` is not given
 * @throws {CommandFailed} when it did not come to its end; what it did not delete is where it was
 */
export async function purgeDeadLetters(
  { queue, loaded, terminal }: DeadLetterTask,
  { force = false }: { readonly force?: boolean },
): Promise<void> {
  if (!force && !process.stdin.isTTY) throw new UsageError(nobodyToAsk)
  await withConnection(loaded.config, async (connection) => {
    const found = (await countMessages(connection, queue)) ?? 0
    const nowMs = Date.now()
    const isWanted =
      force || found === 0 || (await askPerson(`Delete ${found} messages of "${queue}" for good?`))
    const { removed, left } = isWanted
      ? await purge(connection, queue, found, nowMs)
      : { removed: 0, left: found }
    const text = `${removed} deleted${left > 0 ? `, ${left} left` : ""}`
    terminal.print(text, { deleted: removed, left })
  })
}

async function purge(
  connection: Connection,
  queue: string,
  most: number,
  sinceMs: number,
): Promise<Removed> {
  const stopping = new AbortController()
  void stopSignals().then(() => stopping.abort())
  let deleted = 0
  const removal = removeOldest(connection, queue, {
    most,
    // One without a time has none, and is not later than anything.
    mayGo: ({ properties }) => !(Date.parse(readNote(properties).time ?? "") > sinceMs),
    signal: stopping.signal,
    acked: (count) => {
      deleted = count
    },
  })
  const progress = () => `deleting messages: ${deleted} of ${most}`
  const removed = await withProgress(progress, removal).catch((error: Error) => {
    const fact = `at most ${deleted} of ${most} messages are deleted, and all others are there`
    throw new CommandFailed("purge_interrupted", `${error.message}; ${fact}`)
  })
  if (!stopping.signal.aborted || removed.removed === most) return removed
  const fact = `${removed.removed} of ${most} messages are deleted, and ${removed.left} are left`
  throw new CommandFailed("purge_interrupted", fact)
}
