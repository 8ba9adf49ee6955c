import { describe, expect, test } from "bun:test"
import type { ConsumedMessage } from "../../src/client/index.ts"
import type { ParkedKeyDescriptions } from "../../src/http/parked-key-schemas.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { type GroupScene, withScene } from "./group-scene.ts"

const vhost = withVhost()
const open = withScene(vhost)

const keysOf = async (here: GroupScene): Promise<ParkedKeyDescriptions["keys"]> => {
  const response = await fetch(`${here.http}/v1/topics/t/groups/g/keys`)
  return ((await response.json()) as ParkedKeyDescriptions).keys
}

const metricsOf = async (here: GroupScene) => (await fetch(`${here.http}/metrics`)).text()

const resume = (here: GroupScene, key: string) =>
  fetch(`${here.http}/v1/topics/t/groups/g/keys/resume`, {
    method: "POST",
    body: JSON.stringify({ key }),
  })

const onPoison = "park-key"
const retry = { attempts: 2, backoffMs: 1 }
const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n + 1))

/** Notes what was handled, by key, and fails where it is told to; sees that a key never runs twice. */
class Work {
  readonly handled = new Map<string, string[]>()
  readonly running = new Set<string>()
  broken: (message: ConsumedMessage) => boolean = () => false
  pauseMs = 0

  readonly handler = async (message: ConsumedMessage): Promise<void> => {
    const key = message.keyText!
    expect(this.running.has(key)).toBe(false)
    this.running.add(key)
    try {
      await Bun.sleep(this.pauseMs)
      if (this.broken(message)) throw new Error("broken")
      this.handled.set(key, [...this.of(key), message.text()])
    } finally {
      this.running.delete(key)
    }
  }

  of(key: string): readonly string[] {
    return this.handled.get(key) ?? []
  }
}

for (const type of ["classic", "quorum"] as const) {
  describe(`a key parked on ${type} queues`, () => {
    test("waits alone, and is replayed in order before newer messages that go on coming", async () => {
      const here = await open({ type, partitions: 1 })
      const work = new Work()
      work.broken = (message) => message.keyText === "bad" && message.text() === "3"
      const consumer = await here.join({ handler: work.handler, onPoison, retry })
      await here.publishAll(["bad", "a", "b"], 20)
      await until(() => consumer.counts.parked === 18, { what: "the key to be parked" })
      await until(() => work.of("a").length + work.of("b").length === 40, { what: "the others" })
      expect(work.of("bad")).toEqual(["1", "2"])
      const [parked, ...others] = await keysOf(here)
      expect(others).toEqual([])
      expect(parked).toMatchObject({ key: "bad", state: "parked", messages: 18, partition: 0 })
      expect(await metricsOf(here)).toContain('partymq_parked_keys{topic="t",group="g"} 1')
      work.broken = () => false
      work.pauseMs = 2
      let last = 20
      const publishing = (async () => {
        while (consumer.counts.resumed === 0 && last < 5_000) {
          await here.publish("bad", String(++last))
          await Bun.sleep(5)
        }
      })()
      expect((await resume(here, "bad")).status).toBe(200)
      await until(() => consumer.counts.resumed === 1, {
        what: "the key to be released",
        timeoutMs: 20_000,
      })
      await publishing
      for (let n = 0; n < 10; n++) await here.publish("bad", String(++last))
      await until(() => work.of("bad").length >= last, {
        what: () => `all ${last} of the key, ${work.of("bad").length} have come`,
      })
      expect(work.of("bad")).toEqual(numbers(last))
      expect(await keysOf(here)).toEqual([])
      expect(await metricsOf(here)).toContain('partymq_parked_keys{topic="t",group="g"} 0')
    }, 60_000)

    test("stays parked when its partition is handed over and PartyMQ starts anew", async () => {
      const here = await open({ type, partitions: 1 })
      const work = new Work()
      work.broken = (message) => message.keyText === "bad" && message.text() === "1"
      const first = await here.join({ handler: work.handler, onPoison, retry })
      await here.publishAll(["bad"], 3)
      await until(() => first.counts.parked === 3, { what: "the key to be parked" })
      await here.restart()
      const second = await here.join({ handler: work.handler, onPoison, retry })
      await first.close()
      for (const n of [4, 5]) await here.publish("bad", String(n))
      await here.publish("good", "1")
      await until(() => second.counts.parked === 2, { what: "the rest to be parked" })
      await until(() => work.of("good").length === 1, { what: "the other key" })
      expect(work.of("bad")).toEqual([])
      expect(await keysOf(here)).toMatchObject([{ key: "bad", messages: 5 }])
      // The first failing again, everything stays where it is.
      await resume(here, "bad")
      await until(() => second.counts.parked === 3, { what: "it to be parked again" })
      await until(async () => (await keysOf(here))[0]?.messages === 5, { what: "all to be back" })
      work.broken = () => false
      await resume(here, "bad")
      await until(() => second.counts.resumed === 1, { what: "the release", timeoutMs: 20_000 })
      expect(work.of("bad")).toEqual(numbers(5))
    }, 60_000)

    test("is replayed by the next owner from where one came to its end", async () => {
      const here = await open({ type, partitions: 1 })
      const work = new Work()
      work.broken = ({ keyText }) => keyText === "bad"
      const first = await here.join({ handler: work.handler, onPoison, retry })
      await here.publishAll(["bad"], 30)
      await until(() => first.counts.parked === 30, { what: "the key to be parked" })
      const second = await here.join({ handler: work.handler, onPoison, retry })
      work.broken = () => false
      work.pauseMs = 20
      await resume(here, "bad")
      await until(() => work.of("bad").length >= 5, { what: "the replay", timeoutMs: 20_000 })
      // Without waiting for what runs: its message comes again.
      await first.close({ timeoutMs: 0 })
      for (const n of [31, 32]) await here.publish("bad", String(n))
      await until(() => second.counts.resumed === 1, { what: "the release", timeoutMs: 20_000 })
      const firsts = [...new Set(work.of("bad"))]
      expect(firsts).toEqual(numbers(32))
      expect(work.of("bad").length).toBeLessThanOrEqual(32 + 10)
    }, 60_000)
  })
}
