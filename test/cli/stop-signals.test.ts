import { expect, setDefaultTimeout, test } from "bun:test"
import { sameRequestMs } from "../../src/cli/stop-signals.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { isReady, serving } from "./serving.ts"
import { classicDeadLetter, topicFolder } from "./topic-folder.ts"

setDefaultTimeout(60_000)
const vhost = withVhost()
const shutdownTimeoutMs = 2_500

/** A router with a message that the broker goes on refusing, so that a shutdown has to wait. */
async function waitingAtItsEnd() {
  const queue = { type: "classic", maxLength: 1, overflow: "reject-publish" } as const
  const folder = topicFolder(
    vhost.url,
    {
      key: [{ use: "header", name: "k" }],
      groups: { g: { partitions: 1, queue } },
      deadLetter: classicDeadLetter,
    },
    { settings: { http: { host: "127.0.0.1", port: 0 }, shutdownTimeoutMs } },
  )
  const router = await serving("serve", folder.options)
  await isReady(router)
  const post = () =>
    fetch(`${router.url}/v1/topics/${folder.topic}/messages`, {
      method: "POST",
      headers: { "partition-key": "k" },
    })
  expect((await post()).status).toBe(202)
  const refused = post().catch(() => undefined)
  const nacked = async () =>
    /^partymq_nacked_copies_total\S* [1-9]/m.test(
      await (await fetch(`${router.url}/metrics`)).text(),
    )
  await until(nacked, { what: "the broker to refuse a message" })
  return {
    child: router.child,
    stderr: router.stderr,
    async [Symbol.asyncDispose]() {
      await router[Symbol.asyncDispose]()
      await refused
      folder[Symbol.dispose]()
    },
  }
}

test("two signals in a row are one request, as a terminal and a launcher may both send one", async () => {
  await using router = await waitingAtItsEnd()
  const askedMs = performance.now()
  router.child.kill("SIGINT")
  router.child.kill("SIGINT")
  router.child.kill("SIGTERM")
  await router.child.exited
  // It used the time it is allowed, and did not give up at the second signal.
  expect(performance.now() - askedMs).toBeGreaterThan(sameRequestMs)
  expect(router.stderr.text()).toContain("shutting down")
})

test("a later signal ends it at once with 1", async () => {
  await using router = await waitingAtItsEnd()
  const askedMs = performance.now()
  router.child.kill("SIGINT")
  await until(() => performance.now() - askedMs > sameRequestMs + 200, { what: "time to pass" })
  expect(router.child.exitCode).toBeNull()
  const againMs = performance.now()
  router.child.kill("SIGINT")
  expect(await router.child.exited).toBe(1)
  expect(performance.now() - againMs).toBeLessThan(1_000)
})
