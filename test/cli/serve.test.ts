import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { temporaryFolder } from "../config/temporary-folder.ts"
import { unique } from "../support/unique.ts"
import { withVhost } from "../support/vhost.ts"
import { runPartymq } from "./partymq.ts"
import { isReady, serving } from "./serving.ts"

// Every test starts processes, and run alone the first one starts a broker too.
setDefaultTimeout(60_000)
const vhost = withVhost()

function folderWith(topic: string, limits: object = {}) {
  const groups = { billing: { partitions: 3, queue: { type: "classic", ...limits } } }
  const config = {
    http: { host: "127.0.0.1", port: 0 },
    topics: { [topic]: { key: [{ use: "jsonpath", path: "$.id" }], groups } },
  }
  return temporaryFolder({ "partymq.config.json": JSON.stringify(config) })
}

/** A port that another server has, until that is closed. */
async function takenPort() {
  const squatter = createServer()
  await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve))
  const { port } = squatter.address() as { port: number }
  return { squatter, port }
}

describe("serve", () => {
  test("takes messages, and at SIGTERM settles, closes and exits with 0", async () => {
    const topic = unique("orders")
    using folder = folderWith(topic)
    const environment = { PARTYMQ_AMQP_URL: vhost.url }
    await using router = await serving("serve", { folder: folder.path, environment })
    await isReady(router)
    const messages = `${router.url}/v1/topics/${topic}/messages`
    const accepted = await fetch(messages, { method: "POST", body: '{"id":"k"}' })
    expect(accepted.status).toBe(202)
    router.child.kill("SIGTERM")
    expect(await router.child.exited).toBe(0)
    await router.stderr.ended
    const stderr = router.stderr.text()
    expect(stderr).toContain('"msg":"shut down"')
    expect(stderr).not.toContain(`${new URL(vhost.url).password}@`)
    await expect(fetch(`${router.url}/healthz`)).rejects.toThrow()
  })

  test("answers that it is not ready while the broker is away, warns of its configuration, and ends when asked", async () => {
    using folder = folderWith(unique("orders"), { maxLength: 5, overflow: "reject-publish" })
    const environment = { PARTYMQ_AMQP_URL: "amqp://nobody:hush@127.0.0.1:1" }
    await using router = await serving("serve", { folder: folder.path, environment })
    expect((await fetch(`${router.url}/healthz`)).status).toBe(200)
    expect((await fetch(`${router.url}/readyz`)).status).toBe(503)
    router.child.kill("SIGINT")
    expect(await router.child.exited).toBe(0)
    await router.stderr.ended
    expect(router.stderr.text()).not.toContain("hush")
    expect(router.stderr.text()).toContain('"code":"classic_length_limit","path":"topics.')
  })

  test("refuses a configuration that contradicts what the broker has recorded, with 2", async () => {
    const topic = unique("orders")
    using folder = folderWith(topic)
    const environment = { PARTYMQ_AMQP_URL: vhost.url }
    const args = ["publish", topic, "--key", "k"]
    expect((await runPartymq(args, { folder: folder.path, environment })).exitCode).toBe(0)
    const file = join(folder.path, "partymq.config.json")
    const changed = readFileSync(file, "utf8").replace('"partitions":3', '"partitions":4')
    writeFileSync(file, changed)
    const run = await runPartymq(["serve"], { folder: folder.path, environment })
    expect(run.exitCode).toBe(2)
    expect(run.stderr).toContain("partitions: recorded 3, configured 4")
  })

  test("says in a sentence that its port is taken and exits with 1", async () => {
    const topic = unique("orders")
    using folder = folderWith(topic)
    const { squatter, port } = await takenPort()
    const environment = { PARTYMQ_AMQP_URL: vhost.url, PORT: String(port) }
    const run = await runPartymq(["serve"], { folder: folder.path, environment })
    squatter.close()
    expect(run.exitCode).toBe(1)
    expect(run.stderr).toContain(`http.port ${port} on 127.0.0.1 is taken by another process`)
    expect(run.stderr).not.toContain("    at ")
  })
})

describe("dev", () => {
  test("prints a curl line that is answered with 202, on another port where its own is taken", async () => {
    const topic = unique("orders")
    using folder = folderWith(topic)
    const { squatter, port } = await takenPort()
    const environment = { PARTYMQ_AMQP_URL: vhost.url, PORT: String(port) }
    await using router = await serving("dev", { folder: folder.path, environment })
    squatter.close()
    expect(new URL(router.url).port).not.toBe(String(port))
    const curl = Bun.spawn(["sh", "-c", `${router.curl} -s`], { stdout: "pipe", stderr: "ignore" })
    expect(await curl.stdout.text()).toStartWith("HTTP/1.1 202")
    const config = join(folder.path, ".partymq/config.json")
    using elsewhere = temporaryFolder()
    const args = ["publish", topic, "--key", "k", "--config", config]
    const other = await runPartymq(args, { folder: elsewhere.path })
    expect([other.exitCode, other.stderr]).toEqual([0, ""])
    router.child.kill("SIGINT")
    expect(await router.child.exited).toBe(0)
  })
})

describe("publish", () => {
  test("puts a message into every group and says where", async () => {
    const topic = unique("orders")
    using folder = folderWith(topic)
    const environment = { PARTYMQ_AMQP_URL: vhost.url }
    const options = { folder: folder.path, environment }
    const args = ["publish", topic, "--body", '{"id":"k-1"}', "--output", "json"]
    const found = await runPartymq(args, options)
    expect(found.exitCode).toBe(0)
    const result = JSON.parse(found.stdout)
    expect(result).toMatchObject({ topic, key: "k-1", placements: [{ group: "billing" }] })
    expect(result.placements[0].queue).toStartWith(`partymq.${topic}.billing.g1.p`)

    const stdin = '{"id":"k-2"}'
    const header = ["--header", "a=1", "--header", "b=x=y", "--content-type", "application/json"]
    const text = await runPartymq(["publish", topic, "--body", "-", ...header], {
      ...options,
      stdin,
    })
    expect(text.exitCode).toBe(0)
    expect(text.stdout).toContain('key "k-2"')
    expect(text.stdout).toContain(`partymq.${topic}.billing.g1.p`)

    const given = await runPartymq(["publish", topic, "--key", "mine"], options)
    expect(given.stdout).toContain('key "mine"')
  })

  test("exits with 1 and the reason when the message has no key", async () => {
    const topic = unique("orders")
    using folder = folderWith(topic)
    const environment = { PARTYMQ_AMQP_URL: vhost.url }
    const args = ["publish", topic, "--body", "{}", "--output", "json"]
    const run = await runPartymq(args, { folder: folder.path, environment })
    expect(run.exitCode).toBe(1)
    const lastLine = run.stderr.trimEnd().split("\n").at(-1)!
    expect(JSON.parse(lastLine).error).toMatchObject({ code: "missing_key" })
  })
})
