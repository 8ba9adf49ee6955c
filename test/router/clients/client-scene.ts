import { afterEach, expect } from "bun:test"
import { type HttpServer, serveHttp } from "../../../src/http/serve-http.ts"
import type { Router } from "../../../src/router.ts"
import { keyed } from "../../support/key-flow.ts"
import { OldClient, type OldClientOptions } from "../../support/old-client.ts"
import { quietLog, startedRouter } from "../../support/test-router.ts"
import { unique } from "../../support/unique.ts"
import { until } from "../../support/until.ts"
import type { Vhost } from "../../support/vhost.ts"

/** A router in this process with one group of clients. */
export interface Served {
  readonly router: Router
  readonly server: HttpServer
  readonly topic: string
  readonly stop: () => Promise<unknown>
}

const quick = {
  partitions: 8,
  initialDelayMs: 100,
  returnDelayMs: 100,
  heartbeatCheckIntervalMs: 100,
  heartbeatExpiryMs: 60_000,
}

/** Routers and clients of a test file; both end with the test that they were made in. */
export function clientScene(vhost: Vhost) {
  const clients: OldClient[] = []
  const routers: (() => Promise<unknown>)[] = []

  afterEach(async () => {
    for (const each of clients.splice(0)) each.crash()
    for (const stop of routers.splice(0)) await stop()
  }, 30_000)

  async function served(
    topic: string,
    {
      management = true,
      clients = {},
      onMissingKey = "dead-letter" as "dead-letter" | { key: string },
    } = {},
  ): Promise<Served> {
    const router = await startedRouter({
      amqp: { url: vhost.url, ...(management && { managementUrl: vhost.managementUrl }) },
      http: { host: "127.0.0.1", port: 0 },
      topics: {
        [topic]: {
          key: [{ use: "header", name: "k" }],
          onMissingKey,
          groups: {
            pods: {
              partitions: "clients",
              queue: { type: "classic" },
              clients: { exchange: `exchange of ${topic}`, ...quick, ...clients },
            },
          },
        },
      },
    })
    const server = serveHttp(router, quietLog)
    let stopped: Promise<unknown> | undefined
    const stop = () => (stopped ??= server.stop().then(() => router.stop()))
    routers.push(stop)
    return { router, server, topic, stop }
  }

  /** Not started. Consumes if there is a log, which gets the bodies once `work` is done. */
  function client(
    { server }: { readonly server: { readonly url: string } },
    name: string,
    log?: string[],
    work?: () => Promise<void>,
    queue?: OldClientOptions["queue"],
  ) {
    const handle = async (message: { bodyString(): string | null }) => {
      await work?.()
      log?.push(message.bodyString()!)
    }
    const made = new OldClient({
      ...{ amqpUrl: vhost.url, httpUrl: server.url, name: unique(name) },
      ...{ ...(log && { handle }), ...(queue && { queue }) },
    })
    clients.push(made)
    return made
  }

  return { served, client }
}

/** Of 40 keys, one after the other; their bodies are `key number`, and what is to come behind that. */
export async function published(
  { router, topic }: Served,
  count: number,
  from = 0,
  padding = "",
): Promise<string[]> {
  const numbers = Array.from({ length: count }, (_, n) => from + n)
  const bodies = numbers.map((n) => `k${n % 40} ${n}${padding}`)
  for (const body of bodies) {
    const outcome = await router.publish(topic, keyed(body.split(" ")[0]!, body))
    expect(outcome.kind).toBe("accepted")
  }
  return bodies
}

/** Who has each partition. */
export const owners = ({ router }: Served) =>
  Array.from({ length: quick.partitions }, (_, n) => router.clientGroups[0]!.clientOf(n))

/** Waits until each partition has a client. */
export const untilShared = (at: Served) =>
  until(() => owners(at).every((owner) => owner !== undefined), { what: "shares" })

/** Whom a message is forwarded to. */
export function ownerOf({ router, topic }: Served, body: string): string | undefined {
  const decision = router.explain(topic, keyed(body.split(" ")[0]!, body))
  if (decision.kind !== "routed") return undefined
  return router.clientGroups[0]!.clientOf(decision.placements[0]!.partition)
}

/** Whether the messages of each key are in the order of their numbers, none twice. */
export function inOrder(bodies: readonly string[]): boolean {
  const last = new Map<string, number>()
  return bodies.every((body) => {
    const [key, number] = body.split(" ")
    const isLater = Number(number) > (last.get(key!) ?? -1)
    last.set(key!, Number(number))
    return isLater
  })
}

export const has = (log: readonly unknown[], count: number) =>
  until(() => log.length >= count, { what: () => `${count} messages, not ${log.length}` })
