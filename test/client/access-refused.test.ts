import { expect, test } from "bun:test"
import { limitedUser } from "../support/limited-user.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { withScene } from "./group-scene.ts"

const vhost = withVhost()
const open = withScene(vhost)

test("a consumer without the right to read a queue says so, and goes on once it is granted", async () => {
  const here = await open({ type: "quorum", partitions: 1 })
  await using user = await limitedUser(vhost)
  await user.mayRead("^$")
  const handled: string[] = []
  const consumer = await here.join({
    amqp: user.url,
    handler: (message) => void handled.push(message.text()),
  })
  const refusals: string[] = []
  consumer.on("trouble", ({ code, detail }) => {
    if (code === "access_refused") refusals.push(detail)
  })
  await here.publish("k", "1")
  await until(() => refusals.length > 0, { what: "it to say so" })
  const name = new URL(user.url).username
  expect(refusals[0]).toStartWith(
    'cannot consume queue "partymq.t.g.g1.p0" without the right to read it: ',
  )
  expect(refusals[0]).toContain(`refused for user '${name}' (403)`)
  expect(consumer.counts).toMatchObject({ assigned: 0, fenced: 0 })
  await user.mayRead("^partymq\\.")
  await until(() => handled.length === 1, { what: "the message" })
  expect(consumer.counts).toMatchObject({ assigned: 1, fenced: 0 })
}, 30_000)

test("a consumer without the right to write dead letters says so, and writes them once it is granted", async () => {
  const here = await open({ type: "classic", partitions: 1 })
  await using user = await limitedUser(vhost)
  await user.mayWrite("^$")
  const handler = () => {
    throw new Error("for good")
  }
  const retry = { attempts: 1, backoffMs: 10 }
  const consumer = await here.join({ amqp: user.url, handler, retry })
  const refusals: string[] = []
  consumer.on("trouble", ({ code, detail }) => {
    if (code === "access_refused") refusals.push(detail)
  })
  await here.publish("k", "1")
  await until(() => refusals.length > 0, { what: "it to say so" })
  expect(refusals[0]).toStartWith('"partymq.t.dlq" did not take a dead letter: ')
  await user.mayWrite(".*")
  await until(() => consumer.counts.deadLettered === 1, { what: "the dead letter" })
}, 30_000)

test("a consumer that may not connect, for its password or its virtual host, says so", async () => {
  const here = await open({ type: "classic", partitions: 1 })
  await using user = await limitedUser(vhost)
  for (const url of [
    user.url.replace(":secret@", ":wrong@"),
    user.url.replace(`/${vhost.name}`, "/%2F"),
  ]) {
    const joining = here.begin({ amqp: url, handler: () => {} })
    const refusals: string[] = []
    joining.on("trouble", ({ code, detail }) => {
      if (code === "access_refused") refusals.push(detail)
    })
    await until(() => refusals.length > 0, { what: "it to say so" })
    expect(refusals[0]).toMatch(/^cannot connect to .* refused /)
    expect(refusals[0]).not.toMatch(/secret|wrong/)
  }
}, 30_000)
