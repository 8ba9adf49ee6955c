import type { Config } from "../config/config.ts"
import { isSecretName } from "../config/redact.ts"

/**
 * The secrets that a configuration holds, in every spelling they could turn up in: passwords of URLs
 * as written and decoded, and the texts of fields called password, secret, token and the like.
 */
export function configSecrets(config: Config): string[] {
  const secrets: string[] = []
  collect(config, "")
  return [...new Set(secrets)]

  function collect(value: unknown, name: string): void {
    if (typeof value === "string") {
      if (isSecretName(name)) secrets.push(value)
      else if (value.includes("://")) secrets.push(...passwords(value))
    } else if (typeof value === "object" && value !== null) {
      for (const [field, inner] of Object.entries(value)) collect(inner, field)
    }
  }
}

function passwords(url: string): string[] {
  const written = /:\/\/[^:@\s]*:(\S*)@/.exec(url)?.[1]
  const parsed = URL.canParse(url) ? new URL(url).password : ""
  const found = [written ?? "", parsed]
  return [...found, ...found.map(decoded)].filter((password) => password !== "")
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
