import { expect, test } from "bun:test"
import { join } from "node:path"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { GroupScene, keysNamed } from "./group-scene.ts"

const vhost = withVhost()

/** Of the scene. */
const sessionTimeoutMs = 5_000

test("a consumer that was stopped for too long is fenced before it begins anything else", async () => {
  const scene = await GroupScene.open({ url: vhost.url, type: "quorum", partitions: 1 })
  const program = join(import.meta.dir, "frozen-member.ts")
  const child = Bun.spawn([process.execPath, program, vhost.url, scene.http], {
    stdout: "pipe",
    stderr: "inherit",
  })
  const said: { started?: string; fenced?: string; told?: string; running?: number }[] = []
  const reading = (async () => {
    let rest = ""
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n")
      rest = lines.pop()!
      for (const line of lines) said.push(JSON.parse(line))
    }
  })()
  try {
    for (const key of keysNamed(20)) await scene.publish(key, key.slice(1))
    // Of its two handlers one ends with the signal, the other would make room as soon as it wakes.
    await until(() => said.length === 2, { what: "the start" })
    child.kill("SIGSTOP")
    const stoppedMs = performance.now()
    await until(() => performance.now() - stoppedMs > sessionTimeoutMs + 1_000, {
      what: "the session to be over",
    })
    const others: string[] = []
    await scene.join({ handler: (message) => void others.push(message.text()) })
    const before = said.length
    child.kill("SIGCONT")
    await until(() => said.some(({ told }) => told === "1"), { what: "the signal" })
    const fenced = said.find((each) => each.fenced !== undefined)
    expect(fenced?.fenced).toBe("lease_over")
    // Its successor gets all that it had not acked, and it does not begin what it held.
    await until(() => others.includes("1"), { what: "the successor to begin", timeoutMs: 20_000 })
    await until(() => others.includes("19"), { what: "the rest", timeoutMs: 20_000 })
    expect(said.slice(before)).toEqual([fenced!, { told: "1" }])
  } finally {
    child.kill("SIGCONT")
    child.kill("SIGTERM")
    await child.exited
    await reading
    await scene.close()
  }
}, 60_000)
