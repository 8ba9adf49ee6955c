import { Consumer } from "./consumer.ts"
import { type ConsumerOptions, parseOptions } from "./consumer-options.ts"

/**
 * Joins a group as one of its members and hands its messages to the handler: of one key one at a time
 * and in order, of different keys side by side. Begins at once, and goes on until it is closed:
 * connects and joins again whenever it has to. Await `ready` to know that it has joined.
 *
 * @throws {ConsumerError} `invalid_options`
 */
export const createConsumer = (options: ConsumerOptions): Consumer =>
  new Consumer(parseOptions(options))
