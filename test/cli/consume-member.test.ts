import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { countMessages } from "../../src/broker/dead-letters.ts"
import { type HttpServer, serveHttp } from "../../src/http/serve-http.ts"
import type { Router } from "../../src/router.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { limitedUser } from "../support/limited-user.ts"
import { connect } from "../support/raw-client.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { consuming } from "./consuming.ts"
import { partymqCommand, runPartymq } from "./partymq.ts"
import { topicFolder } from "./topic-folder.ts"

setDefaultTimeout(60_000)
const vhost = withVhost()
const input = {
  key: [{ use: "header", name: "k" }],
  groups: {
    g: { partitions: 4, queue: { type: "classic" as const }, members: { initialDelayMs: 0 } },
  },
  deadLetter: { type: "classic" as const },
}
let folder: ReturnType<typeof topicFolder>
let router: Router
let server: HttpServer

beforeAll(async () => {
  folder = topicFolder(vhost.url, input)
  router = await startedRouter({
    amqp: { url: vhost.url },
    http: { host: "127.0.0.1", port: 0 },
    topics: { [folder.topic]: input },
  })
  server = serveHttp(router, quietLog)
})

afterAll(async () => {
  await server?.stop()
  await router?.stop()
  folder?.[Symbol.dispose]()
})

const member = (...args: string[]) =>
  consuming(
    [folder.topic, "--group", "g", "--member", "--url", server.url, ...args],
    folder.options,
  )

async function publish(from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    const headers = [["k", `key ${n % 20}`]] as const
    const named = { deliveryMode: 2 as const, contentType: "text/plain", messageId: "m", headers }
    const message = { properties: encodeProperties(named), body: Buffer.from(String(n)) }
    expect((await router.publish(folder.topic, message)).kind).toBe("accepted")
  }
}

test("two that consume as members share the partitions, and the rest is left to the one that stays", async () => {
  await using first = await member()
  await using second = await member()
  const isShared = () =>
    [first, second].every(({ stderr }) =>
      /partitions \d, \d;/.test(stderr.text().split("\n").at(-2)!),
    )
  await until(isShared, { what: "each to have two partitions", timeoutMs: 25_000 })
  await publish(0, 100)
  const lines = () => [...first.lines(), ...second.lines()]
  await until(() => lines().length === 100, { what: "all messages", timeoutMs: 25_000 })
  expect(first.lines()[0]).toMatchObject({ contentType: "text/plain", id: "m" })
  expect(first.lines()[0]!.key).toMatch(/^key /)
  for (const each of [first, second]) {
    const keys = Map.groupBy(each.lines(), ({ key }) => key)
    for (const [, some] of keys) {
      const numbers = some.map(({ body }) => Number(body))
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    }
  }
  second.child.kill("SIGTERM")
  expect(await second.ended()).toBe(0)
  await publish(100, 150)
  const all = () => new Set(lines().map(({ body }) => body))
  await until(() => all().size === 150, { what: "the rest", timeoutMs: 25_000 })
  expect(lines()).toHaveLength(150)
  first.child.kill("SIGINT")
  expect(await first.ended()).toBe(0)
})

test("one with a limit prints so many, acks no other, and leaves", async () => {
  await publish(200, 210)
  await using limited = await member("--limit", "3")
  expect(await limited.ended()).toBe(0)
  expect(limited.lines()).toHaveLength(3)
  await using rest = await member("--limit", "7")
  expect(await rest.ended()).toBe(0)
  const bodies = [...limited.lines(), ...rest.lines()].map(({ body }) => Number(body))
  expect(bodies.toSorted()).toEqual([200, 201, 202, 203, 204, 205, 206, 207, 208, 209])
  const { members } = (await (
    await fetch(`${server.url}/v1/topics/${folder.topic}/groups/g/members`)
  ).json()) as { members: unknown[] }
  expect(members).toEqual([])
})

test("one whose reader has enough puts nothing away that it could not print", async () => {
  // Another member, which is slow to take over.
  const body = JSON.stringify({ memberId: "slow" })
  const members = `${server.url}/v1/topics/${folder.topic}/groups/g/members`
  const args = ["--group", "g", "--member", "--url", server.url]
  const [program, ...rest] = partymqCommand(["consume", folder.topic, ...args])
  const piped = Bun.spawn(["sh", "-c", '"$@" | head -1', "sh", program!, ...rest], {
    ...{ cwd: folder.options.folder, stdout: "pipe", stderr: "pipe" },
    env: { ...process.env, ...folder.options.environment },
  })
  const isSubscribed = async () => {
    const said = (await (await fetch(members)).json()) as { members: { subscribed: unknown[] }[] }
    return said.members[0]?.subscribed.length === 4
  }
  await until(isSubscribed, {
    ...{ what: "it to be subscribed", timeoutMs: 25_000 },
  })
  await fetch(members, { method: "POST", body })
  const living = setInterval(() => {
    const said = JSON.stringify({ generation: 0, partitions: [] })
    void fetch(`${members}/slow`, { method: "PUT", body: said }).catch(() => {})
  }, 200)
  // It is only when it prints that it finds out.
  let n = 300
  while (piped.exitCode === null) {
    await publish(n, ++n)
    await Bun.sleep(20)
  }
  clearInterval(living)
  await fetch(`${members}/slow`, { method: "DELETE" })
  const connection = await connect(vhost.url)
  expect(await countMessages(connection, `partymq.${folder.topic}.dlq`)).toBe(0)
  await connection.shut(5_000)
})

test("one whose user lacks a right ends, and says which", async () => {
  await using user = await limitedUser(vhost)
  await user.mayRead("^$")
  const args = ["consume", folder.topic, "--group", "g", "--member", "--url", server.url]
  const run = (url: string) => {
    const environment = { ...folder.options.environment, PARTYMQ_AMQP_URL: url }
    return runPartymq(args, { ...folder.options, environment })
  }
  const unread = await run(user.url)
  expect([unread.exitCode, unread.stdout]).toEqual([1, ""])
  expect(unread.stderr).toMatch(
    /^partymq: cannot consume queue "partymq\..*\.p\d" without the right to read it: .* refused for user /m,
  )
  const wrong = await run(user.url.replace(":secret@", ":wrong@"))
  expect([wrong.exitCode, wrong.stdout]).toEqual([1, ""])
  expect(wrong.stderr).toMatch(/^partymq: cannot connect to .*ACCESS_REFUSED/m)
  expect(unread.stderr + wrong.stderr).not.toMatch(/secret|wrong/)
})

test("partitions cannot be chosen by a member", async () => {
  const args = ["consume", folder.topic, "--group", "g", "--member", "--partition", "1"]
  expect((await runPartymq(args, folder.options)).exitCode).toBe(2)
})
