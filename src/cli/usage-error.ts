/** The command line asks for something that cannot be; the exit code is 2. */
export class UsageError extends Error {
  override readonly name = "UsageError"
  readonly code = "usage"
  readonly disposition = "reject"
}
