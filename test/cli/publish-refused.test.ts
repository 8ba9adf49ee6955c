import { expect, test } from "bun:test"
import { withVhost } from "../support/vhost.ts"
import { runPartymq } from "./partymq.ts"
import { classic, classicDeadLetter, topicFolder } from "./topic-folder.ts"

const vhost = withVhost()

const input = {
  key: [{ use: "header", name: "k" }],
  groups: { all: { partitions: 1, ...classic } },
  deadLetter: classicDeadLetter,
}

test("what publishes says at once that the broker does not know its user", async () => {
  const url = new URL(vhost.url)
  url.password = "not-this-one"
  using folder = topicFolder(url.href, input)
  const commands = [
    ["publish", folder.topic, "--key", "k", "--body", "x"],
    ["dlq", "replay", folder.topic],
  ]
  for (const command of commands) {
    const sinceMs = performance.now()
    const run = await runPartymq([...command, "--output", "json"], folder.options)
    expect(run.exitCode).toBe(1)
    expect(JSON.parse(run.stderr.trim().split("\n").at(-1)!).error.code).toBe("access_refused")
    expect(run.stderr).not.toContain("not-this-one")
    // Without having waited for `http.publishTimeoutMs`.
    expect(performance.now() - sinceMs).toBeLessThan(9_000)
  }
}, 30_000)
