import { within } from "../within.ts"
import { BrokerError } from "./broker-error.ts"

/**
 * What the broker answers, but not for ever: on a blocked connection, or from a queue without a
 * leader, answers may never come.
 * @throws {BrokerError} `timeout` once `timeoutMs` is over
 */
export const answered = <T>(timeoutMs: number, answer: Promise<T>, doing: string): Promise<T> =>
  within(timeoutMs, answer, () => new BrokerError(`${doing} took over ${timeoutMs} ms`, "timeout"))

/** Whether that is what it was: a refusal is an answer. */
export const isTimeout = (error: unknown): error is BrokerError =>
  error instanceof BrokerError && error.code === "timeout"
