/** This process must not run with this configuration against this broker; trying again is no use. */
export class StartRefused extends Error {
  override readonly name = "StartRefused"
  readonly code: "generation_conflict" | "queue_conflict"

  constructor(code: StartRefused["code"], message: string) {
    super(message)
    this.code = code
  }
}
