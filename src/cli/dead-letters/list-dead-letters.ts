import { visitMessages } from "../../broker/dead-letters.ts"
import { table } from "../table.ts"
import { withConnection } from "../with-connection.ts"
import type { DeadLetterTask } from "./dead-letter-task.ts"
import { described } from "./described.ts"

const columns = ["number", "time", "reason", "source", "sizeBytes", "detail"]

/** `partymq dlq ls`: the first dead letters, oldest first; they stay where they are. */
export async function listDeadLetters(
  { queue, loaded, terminal }: DeadLetterTask,
  { limit }: { readonly limit: number },
): Promise<void> {
  const letters: object[] = []
  await withConnection(loaded.config, (connection) =>
    visitMessages(connection, queue, limit, (delivery) => {
      letters.push({ number: letters.length + 1, ...described(delivery) })
      return "keep"
    }),
  )
  const rows = letters.map((letter) => {
    const fields = new Map<string, unknown>(Object.entries(letter))
    return columns.map((column) => fields.get(column) ?? "")
  })
  terminal.print(letters.length === 0 ? "no dead letters" : table(columns, rows), letters)
}
