import { expect, test } from "bun:test"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { frozenMember } from "./frozen-process.ts"
import { GroupScene, keysNamed } from "./group-scene.ts"

const vhost = withVhost()

/** Of the scene. */
const sessionTimeoutMs = 5_000

test("a consumer that was stopped for too long is fenced before it begins anything else", async () => {
  const scene = await GroupScene.open({ url: vhost.url, type: "quorum", partitions: 1 })
  const frozen = frozenMember(vhost.url, scene.http)
  const { said } = frozen
  try {
    for (const key of keysNamed(20)) await scene.publish(key, key.slice(1))
    // Of its two handlers one ends with the signal, the other would make room as soon as it wakes.
    await until(() => said.filter(({ started }) => started).length === 2, { what: "the start" })
    frozen.kill("SIGSTOP")
    const stoppedMs = performance.now()
    await until(() => performance.now() - stoppedMs > sessionTimeoutMs + 1_000, {
      what: "the session to be over",
    })
    const others: string[] = []
    await scene.join({ handler: (message) => void others.push(message.text()) })
    const before = said.length
    frozen.kill("SIGCONT")
    await until(() => said.some(({ told }) => told === "1"), { what: "the signal" })
    const fenced = said.find(({ fenced }) => fenced !== undefined)
    expect(fenced?.fenced).toBe("lease_over")
    // Its successor gets all that it had not acked, and it does not begin what it held.
    await until(() => others.includes("1"), { what: "the successor to begin", timeoutMs: 20_000 })
    await until(() => others.includes("19"), { what: "the rest", timeoutMs: 20_000 })
    const since = said.slice(before).filter(({ assigned }) => assigned === undefined)
    expect(since).toEqual([fenced!, { told: "1" }])
  } finally {
    await frozen.end()
    await scene.close()
  }
}, 60_000)
