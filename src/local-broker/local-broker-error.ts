export type LocalBrokerErrorCode =
  | "no_broker"
  | "broker_start_failed"
  | "broker_install_failed"
  | "broker_directory_unsafe"
  | "broker_command_failed"

/** A broker could not be found, installed, started or commanded; the message says what to do. */
export class LocalBrokerError extends Error {
  override readonly name = "LocalBrokerError"
  readonly disposition = "reject"
  readonly code: LocalBrokerErrorCode

  constructor(code: LocalBrokerErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
