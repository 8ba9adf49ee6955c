import { expect, test } from "bun:test"
import { management } from "./management.ts"
import { dropVhost, makeVhost, withVhost } from "./vhost.ts"

const vhost = withVhost()

test("a vhost is there for its tests", async () => {
  expect(vhost.url).toEndWith(`/${vhost.name}`)
  await management("PUT", `/api/queues/${vhost.name}/own`, { durable: true })
  expect(await management<unknown[]>("GET", `/api/queues/${vhost.name}`)).toHaveLength(1)
})

test("a dropped vhost is gone", async () => {
  const other = await makeVhost()
  await dropVhost(other)
  await expect(management("GET", `/api/vhosts/${other.name}`)).rejects.toThrow("404")
})
