import * as v from "valibot"
import { durationMs, flag, integer, text } from "./fields.ts"
import { section } from "./section.ts"

export const defaultAmqpUrl = "amqp://guest:guest@localhost:5672/%2F"

function urlOf(schemes: readonly string[], allowed: string) {
  const isUrl = (value: string) => {
    // A blank in a URL would hide where its password ends from whatever redacts it.
    if (!/^[a-z]+:\/\/\S+$/i.test(value) || !URL.canParse(value)) return false
    const { protocol, hostname } = new URL(value)
    return schemes.includes(protocol) && hostname !== ""
  }
  return v.pipe(
    v.string(allowed),
    v.check(isUrl, allowed),
    v.check((url) => !isUrl(url) || hasWholeAuthority(url), divided),
    v.check((url) => !isUrl(url) || isDecodable(url), undecodable),
  )
}

const divided = "a URL in which / ? # @ of a user, password or vhost are written %2F %3F %23 %40"
const undecodable = "a URL in which a % of a user, password or vhost is written %25"

/** A `/` in a password ends the authority: what stands before it would be taken for host and port. */
function hasWholeAuthority(text: string): boolean {
  const { pathname, search, hash } = new URL(text)
  return !`${pathname}${search}${hash}`.includes("@")
}

function isDecodable(text: string): boolean {
  const { username, password, pathname } = new URL(text)
  try {
    return [username, password, pathname].every((part) => decodeURIComponent(part) !== undefined)
  } catch {
    return false
  }
}

export const amqpSchema = section({
  url: v.optional(
    urlOf(["amqp:", "amqps:"], "a URL such as amqp://user:password@host:5672/vhost, or amqps://"),
    defaultAmqpUrl,
  ),
  managementUrl: v.exactOptional(
    urlOf(["http:", "https:"], "a URL such as http://user:password@host:15672"),
  ),
  tls: v.exactOptional(
    section({
      caFile: v.exactOptional(text),
      certFile: v.exactOptional(text),
      keyFile: v.exactOptional(text),
      rejectUnauthorized: v.exactOptional(flag),
    }),
  ),
  heartbeatSeconds: v.optional(integer(1, 3600), 10),
  confirmTimeoutMs: v.optional(durationMs(100), 30_000),
})
