import { expect, test } from "bun:test"
import { createRouter, keyBytes } from "partymq"
import { quietLog } from "./support/test-router.ts"
import { unique } from "./support/unique.ts"
import { withVhost } from "./support/vhost.ts"

const vhost = withVhost()

test("a program that imports the package can run a router of its own", async () => {
  const topic = unique("embedded")
  const groups = { g: { partitions: 2, queue: { type: "classic" } } } as const
  const router = await createRouter(
    {
      amqp: { url: vhost.url },
      topics: { [topic]: { key: [{ use: "header", name: "k" }], groups } },
    },
    { log: quietLog },
  )
  await router.start()
  const message = { properties: Uint8Array.of(0, 0), body: new Uint8Array(1), key: keyBytes("a")! }
  expect((await router.publish(topic, message)).kind).toBe("accepted")
  await router.stop()
})

test("a mistake in its configuration is refused with what is allowed", async () => {
  const input = { topics: { t: { groups: { g: { partitions: -1 } } } } }
  await expect(createRouter(input)).rejects.toThrow("topics.t.groups.g.partitions")
})
