import * as v from "valibot"
import { parseConfig } from "../../../src/config/parse-config.ts"
import type { ConfigInput } from "../../../src/config/schema/config-schema.ts"
import { batchSchema, type LineAccepted, type LineFailed } from "../../../src/http/schemas.ts"
import { type HttpServer, serveHttp } from "../../../src/http/serve-http.ts"
import { createRouter, type Router } from "../../../src/router.ts"
import { quietLog } from "../../support/test-router.ts"

export interface BatchServer {
  readonly url: string
  readonly http: HttpServer
  readonly router: Router
  [Symbol.asyncDispose](): Promise<void>
}

/** A router that is connected, with its HTTP door. */
export async function batchServer(
  url: string,
  topics: ConfigInput["topics"],
  http: NonNullable<ConfigInput["http"]> = {},
  options?: { readonly bodyReadTimeoutMs: number },
): Promise<BatchServer> {
  const config = parseConfig({
    amqp: { url },
    http: { host: "127.0.0.1", port: 0, ...http },
    topics,
  })
  const router = await createRouter(config, { log: quietLog, baseDir: import.meta.dir })
  await router.start()
  const server = serveHttp(router, quietLog, options)
  return {
    ...{ url: server.url, http: server, router },
    async [Symbol.asyncDispose]() {
      await server.stop()
      await router.stop()
    },
  }
}

export const ndjson = "application/x-ndjson"
export const cloudEvents = "application/cloudevents-batch+json"

export const postBatch = (
  { url }: Pick<BatchServer, "url">,
  topic: string,
  body: string | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${url}/v1/topics/${topic}/messages`, {
    method: "POST",
    body,
    headers: { "content-type": ndjson, ...headers },
  })

export const lines = (each: readonly object[]): string =>
  each.map((line) => `${JSON.stringify(line)}\n`).join("")

/** The answer to a batch, checked to be what the schema says and to add up. */
export async function batchAnswer(response: Response) {
  const answer = v.parse(batchSchema, await response.json())
  const whole = answer.failed === 0 && answer.stopped === undefined
  if ((response.status === 202) !== whole) throw new Error(`${response.status} for what is not so`)
  if (answer.accepted + answer.failed !== answer.lines) throw new Error("the counts do not add up")
  if (answer.results.length + answer.omitted !== answer.lines)
    throw new Error("results are missing")
  return answer
}

export type Result = LineAccepted | LineFailed

/** `202`, or the code of the failure. */
export const said = (result: Result): string => ("code" in result ? result.code : "202")
