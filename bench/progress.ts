/** Says on standard error how far it is: one line that changes on a terminal, else one for each step. */
export function createProgress() {
  const isTerminal = process.stderr.isTTY === true
  const startedMs = performance.now()
  const clear = isTerminal ? "\r\x1b[K" : ""
  const write = (line: string, end: string) => process.stderr.write(`${clear}${line}${end}`)
  return {
    say: (line: string) => write(`bench: ${line}`, "\n"),
    step(text: string, done: number, total: number): void {
      const elapsed = ((performance.now() - startedMs) / 1000).toFixed(0)
      write(`bench: ${done + 1} of ${total}, ${elapsed} s: ${text}`, isTerminal ? "" : "\n")
    },
    end: () => process.stderr.write(clear),
  }
}
