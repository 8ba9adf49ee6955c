/** A consumer cannot work as it is set up; trying again does not help. */
export class ConsumerError extends Error {
  override readonly name = "ConsumerError"
  /** `invalid_options`, or the code of PartyMQ's answer: `unknown_topic`, `unknown_group`, …. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}
