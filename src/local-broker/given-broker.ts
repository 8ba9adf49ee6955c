import type { Broker } from "./broker.ts"

const managementPortDefault = 15672
const probeTimeoutMs = 1_000

/**
 * A broker that somebody else runs. Without a management URL the usual one on the same host is taken
 * when it answers.
 */
export async function givenBroker(url: string, managementUrl?: string): Promise<Broker> {
  const management = managementUrl || (await usualManagementUrl(url))
  return {
    kind: "given",
    url,
    ...(management && { managementUrl: management.replace(/\/+$/, "") }),
    stop: async () => {},
  }
}

async function usualManagementUrl(url: string): Promise<string | undefined> {
  if (!URL.canParse(url)) return undefined
  const { hostname, username, password } = new URL(url)
  const management = `http://${hostname}:${managementPortDefault}`
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  try {
    const answer = await fetch(`${management}/api/overview`, {
      headers: { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` },
      signal: AbortSignal.timeout(probeTimeoutMs),
    })
    return answer.ok ? management : undefined
  } catch {
    return undefined
  }
}
