import { createInterface } from "node:readline"

/**
 * Asks on the terminal and waits for a line; only `y` and `yes` are one. The question goes to stderr, so that
 * stdout has the result alone, and the connections of the process live on meanwhile.
 */
export async function askPerson(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, terminal: false })
  process.stderr.write(`${question} [y/N] `)
  try {
    for await (const line of lines) return /^(y|yes)$/i.test(line.trim())
    return false
  } finally {
    lines.close()
  }
}
