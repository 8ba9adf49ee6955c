import type { MemberId } from "./assignor.ts"

const prefix = "partymq."

/** Bytes of a member's id that leave room for the rest of its consumer tag, a short string. */
export const taggedIdBytesMax = 255 - prefix.length

/**
 * The consumer tag of a member on every queue that it is subscribed to: who has a queue can be told from
 * the broker's list of consumers.
 */
export const memberTag = (member: MemberId): string => `${prefix}${member}`
