import { afterAll, beforeAll } from "bun:test"
import { testBroker } from "./broker.ts"
import { management } from "./management.ts"
import { unique } from "./unique.ts"

/** A test file run by itself starts the broker first. */
const hookTimeoutMs = 60_000

/** A virtual host of its own: queues, exchanges and connections that nobody else sees. */
export interface Vhost {
  readonly name: string
  /** With the vhost: ready to connect. */
  readonly url: string
  readonly managementUrl: string
}

/** Makes a vhost; `dropVhost` is then up to the caller. */
export async function makeVhost(): Promise<Vhost> {
  const { url, managementUrl } = await testBroker()
  const name = unique("vhost")
  const user = new URL(url).username
  await management("PUT", `/api/vhosts/${name}`)
  const everything = { configure: ".*", write: ".*", read: ".*" }
  await management("PUT", `/api/permissions/${name}/${user}`, everything)
  return { name, url: `${url}/${name}`, managementUrl }
}

/** Deletes a vhost with all that is in it; connections to it are closed by the broker. */
export async function dropVhost({ name }: Vhost): Promise<void> {
  await management("DELETE", `/api/vhosts/${name}`)
}

/**
 * A vhost for the tests of a file or `describe` block: made before the first, deleted after the last.
 * Its fields can be read once a test (or a `beforeAll` after this) runs. An `afterAll` that stops what
 * uses it belongs into a `describe` block within: beside this it would come after, on a vhost that is gone.
 */
export function withVhost(): Vhost {
  let vhost: Vhost | undefined
  const made = () => {
    if (vhost === undefined) throw new Error("the vhost is there only while tests run")
    return vhost
  }
  beforeAll(async () => {
    vhost = await makeVhost()
  }, hookTimeoutMs)
  afterAll(async () => {
    if (vhost) await dropVhost(vhost)
  }, hookTimeoutMs)
  return {
    get name() {
      return made().name
    },
    get url() {
      return made().url
    },
    get managementUrl() {
      return made().managementUrl
    },
  }
}
