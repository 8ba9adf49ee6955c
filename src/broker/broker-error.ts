import { isForbidden } from "./refusal.ts"

/** The code of an error where the broker's user lacks a right: it is refused again until somebody acts. */
export const accessRefusedCode = "access_refused"

/** Something between PartyMQ and the broker went wrong. Never carries a connection or a secret. */
export class BrokerError extends Error {
  override readonly name = "BrokerError"
  readonly code: string

  constructor(message: string, code = "broker_error") {
    super(message)
    this.code = code
  }

  /** Keeps what was said and drops the rest: the client's errors hold the connection, password and all. */
  static from(error: unknown, doing: string, code?: string): BrokerError {
    const said = error instanceof Error ? error.message : String(error)
    const refused = isForbidden({ message: said }) ? accessRefusedCode : undefined
    return new BrokerError(`${doing}: ${said}`, code ?? refused)
  }
}
