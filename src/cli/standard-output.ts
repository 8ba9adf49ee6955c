let failure: (Error & { readonly code?: unknown }) | undefined
let last: Promise<void> = Promise.resolve()

/**
 * Writes a result to stdout, after all that was written before. One write at a time: of several, Bun says
 * that a later one is done while those before it are not, and a process that ended then would cut them off.
 */
export function writeOut(text: string): void {
  last = last.then(
    () =>
      new Promise((resolve) => {
        process.stdout.write(text, (error) => {
          if (error) failure ??= error
          resolve()
        })
      }),
  )
}

/**
 * Waits until all of it is out, as long as its reader takes; answers why that is impossible. A reader that
 * has enough, as `head` does, is no failure.
 */
export async function allWritten(): Promise<Error | undefined> {
  await last
  return failure?.code === "EPIPE" ? undefined : failure
}
