import { redactText } from "../config/redact-text.ts"
import { CommandFailed } from "./command-failed.ts"
import { configuration } from "./configuration.ts"
import type { GlobalOptions } from "./global-options.ts"
import { UsageError } from "./usage-error.ts"
import { withProgress } from "./with-progress.ts"

const timeoutMs = 15_000

/** How commands that ask a running router find it. */
export interface RouterOptions extends GlobalOptions {
  readonly url?: string
}

export const urlOption = [
  "--url <url>",
  "the router that is asked (default: this machine's, on the configured port)",
] as const

/**
 * What a running router answers: to a GET, or with a body to a POST.
 * @throws {CommandFailed} `router_away` when none answers, or with the problem's own code
 */
export async function askRouter<Answer>(
  options: RouterOptions,
  path: string,
  body?: object,
): Promise<Answer> {
  const base = await routerUrl(options)
  const asking = fetch(`${base}${path}`, {
    ...(body && { method: "POST", body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  })
  const response = await withProgress(redactText(`asking ${base}`), asking).catch(() => {
    const fact = `no router answers at ${base}; start one, or name it with --url`
    throw new CommandFailed("router_away", fact)
  })
  const answer = (await response.json().catch(() => ({}))) as { code?: string; detail?: string }
  if (response.ok) return answer as Answer
  const { code = "unexpected_answer", detail = `status ${response.status}, as no router does` } =
    answer
  throw new CommandFailed(code, `${base} answers: ${detail}`)
}

/**
 * Where the router is that a command asks.
 * @throws {UsageError} for a `--url` that is none
 */
export async function routerUrl({ url, ...options }: RouterOptions): Promise<string> {
  if (url !== undefined) {
    if (/^https?:\/\/[^/]/i.test(url) && URL.canParse(url)) return url.replace(/\/+$/, "")
    const found = JSON.stringify(redactText(url))
    throw new UsageError(`--url is ${found}; allowed: a URL such as http://host:8085`)
  }
  const { http } = (await configuration(options)).config
  const isEverywhere = http.host === "0.0.0.0" || http.host === "::"
  const host = isEverywhere ? "127.0.0.1" : http.host
  return `http://${host.includes(":") ? `[${host}]` : host}:${http.port}`
}
