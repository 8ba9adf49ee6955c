import type { ChannelEnd } from "../core/channel-end.ts"
import { replyCode } from "./reply-code.ts"

/**
 * What a broker closes a channel or a connection with when it cannot take what was published:
 * content too large, precondition failed, frame error, syntax error, unexpected frame, not
 * implemented, internal error. Others (access refused, forced by an operator) say nothing about it.
 */
const offendedCodes: ReadonlySet<number> = new Set([311, 406, 501, 502, 505, 540, 541])
const tooLarge = /message size \d+ is larger than (?:configured )?max size (\d+)/

/** What a publish channel ended with, from the broker's words. */
export function readChannelEnd(said: string): ChannelEnd {
  if (!offendedCodes.has(replyCode(said))) return { kind: "lost" }
  const sizeMax = tooLarge.exec(said)?.[1]
  return sizeMax === undefined
    ? { kind: "offended" }
    : { kind: "tooLarge", bodyBytesMax: Number(sizeMax) }
}
