import type { PrivateBroker } from "./private-broker.ts"

/** RabbitMQ 4's default. */
export const usualMessageBytesMax = 16 * 1024 ** 2

/**
 * Sets `max_message_size` while the broker runs. 3.10 reads the setting for each new channel, 4.0 what
 * it keeps of it for each message.
 */
export const setMessageBytesMax = (broker: PrivateBroker, bytes: number): Promise<string> =>
  broker.ctl(
    "eval",
    `application:set_env(rabbit, max_message_size, ${bytes}), persistent_term:put(max_message_size, ${bytes}).`,
  )
