/** A command that was asked for rightly could not be done; the exit code is 1. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed"
  readonly disposition = "reject"
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}
