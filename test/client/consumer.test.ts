import { describe, expect, spyOn, test } from "bun:test"
import { Connection } from "../../src/broker/connection.ts"
import { visitMessages } from "../../src/broker/dead-letters.ts"
import type { ConsumedMessage, Consumer, HandlerContext } from "../../src/client/index.ts"
import { original, readNote } from "../../src/core/dead-letter.ts"
import { deadLetterQueue } from "../../src/core/generation.ts"
import { ackFrame } from "../../src/wire/frames.ts"
import { closeConnections } from "../support/consumer-connections.ts"
import { management } from "../support/management.ts"
import { flawless, OrderOracle } from "../support/order-oracle.ts"
import { connect } from "../support/raw-client.ts"
import { randomFrom, seed } from "../support/seed.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { keysNamed, withScene } from "./group-scene.ts"

const vhost = withVhost()
const open = withScene(vhost)

const random = randomFrom(seed)
const revisionOf = (message: ConsumedMessage) => ({
  key: message.keyText!,
  revision: Number(message.text()),
})

/** A handler that an oracle watches, slow and failing by chance. */
function watched(oracle: OrderOracle, name: string, failures = 0) {
  const running = new Map<string, number>()
  return {
    most: 0,
    async handler(message: ConsumedMessage): Promise<void> {
      const event = revisionOf(message)
      expect(running.get(event.key) ?? 0).toBe(0)
      running.set(event.key, 1)
      this.most = Math.max(this.most, running.size)
      try {
        await Bun.sleep(random.integer(3))
        if (random.next() < failures) throw new Error("by chance")
        oracle.started(name, message.partition, event)
        await Bun.sleep(random.integer(3))
        oracle.finished(name, event)
      } finally {
        running.delete(event.key)
      }
    },
  }
}

const expected = (keys: readonly string[], count: number) =>
  keys.flatMap((key) => Array.from({ length: count }, (_, n) => ({ key, revision: n + 1 })))

const shares = (consumers: readonly Consumer[]) =>
  consumers.map(({ partitions }) => partitions.length)

for (const type of ["classic", "quorum"] as const) {
  describe(`consumers on ${type} queues`, () => {
    test("handle a key in order, one at a time, retries included, and many keys at once", async () => {
      const here = await open({ type })
      const oracle = new OrderOracle()
      const only = watched(oracle, "a", 0.1)
      const retry = { attempts: 50, backoffMs: 1 }
      const consumer = await here.join({ handler: (m) => only.handler(m), retry })
      const keys = keysNamed(40)
      await here.publishAll(keys, 20)
      await until(() => consumer.counts.handled === 800, { what: "all to be handled" })
      expect(oracle.verdict(expected(keys, 20))).toEqual(flawless)
      expect(only.most).toBeGreaterThan(8)
      expect(only.most).toBeLessThanOrEqual(16)
      expect(consumer.counts.failed).toBeGreaterThan(0)
    }, 60_000)

    test("with a prefetch of one get the second of a backlog, however fast they are with the first", async () => {
      const here = await open({ type })
      const keys = keysNamed(20)
      await here.publishAll(keys, 2)
      const consumer = await here.join({ prefetch: 1, handler: () => {} })
      await until(() => consumer.counts.handled === 40, { what: "all to be handled" })
    }, 30_000)

    test("hand partitions over as others come and go: nothing comes twice, nothing overlaps", async () => {
      const here = await open({ type, partitions: 8 })
      const oracle = new OrderOracle()
      const keys = keysNamed(60)
      const consumers: Consumer[] = []
      const join = async (name: string) => {
        const own = watched(oracle, name)
        consumers.push(await here.join({ handler: (m) => own.handler(m) }))
      }
      await join("a")
      let count = 0
      let isPublishing = true
      const publishing = (async () => {
        for (; isPublishing; count++) {
          await Promise.all(keys.map((key) => here.publish(key, String(count + 1))))
        }
      })()
      await until(() => oracle.distinct > 100, { what: "messages" })
      await join("b")
      await join("c")
      await until(() => Math.min(...shares(consumers)) >= 2, {
        what: () => `even shares: ${shares(consumers)}`,
        timeoutMs: 20_000,
      })
      const [first] = consumers.splice(0, 1)
      expect(await first!.close()).toBe(true)
      await until(() => shares(consumers).join() === "4,4", { what: "the rest of the shares" })
      isPublishing = false
      await publishing
      const total = keys.length * count
      await until(() => oracle.distinct === total, {
        what: () => `${total} messages, ${oracle.distinct} have come`,
        timeoutMs: 20_000,
      })
      expect(oracle.verdict(expected(keys, count))).toEqual(flawless)
      expect(first!.counts.fenced).toBe(0)
    }, 60_000)

    test("dead-letter what fails for good, whole, with the reason, and go on with its key", async () => {
      const here = await open({ type })
      const handled: string[] = []
      const retry = { attempts: 3, backoffMs: 1 }
      const consumer = await here.join({
        retry,
        handler: (message) => {
          if (message.text() === "2") throw new TypeError("cannot do that")
          handled.push(message.text())
        },
      })
      await here.publishAll(["a"], 3)
      await until(() => handled.length === 2, { what: "the others to be handled" })
      expect(handled).toEqual(["1", "3"])
      expect(consumer.counts).toMatchObject({ failed: 3, deadLettered: 1 })
      const connection = await connect(here.url)
      const notes: unknown[] = []
      await visitMessages(connection, deadLetterQueue("t"), 10, (letter) => {
        notes.push(readNote(letter.properties))
        expect(Buffer.from(letter.body).toString()).toBe("2")
        expect(Buffer.from(original(letter.properties)).toString("latin1")).toContain("k")
        return "keep"
      })
      await connection.shut(5_000)
      const detail = "the handler failed 3 times, at last with TypeError: cannot do that"
      expect(notes).toEqual([
        expect.objectContaining({ reason: "handler_failed", detail, groups: ["g"] }),
      ])
    }, 30_000)
  })
}

describe("a consumer", () => {
  test("lets other keys go on while one is tried again", async () => {
    const here = await open({ type: "quorum", partitions: 1 })
    const handled: string[] = []
    let isBroken = true
    await here.join({
      retry: { attempts: 1_000, backoffMs: 10, backoffMaxMs: 20 },
      handler: (message) => {
        if (message.keyText === "slow" && isBroken) throw new Error("not yet")
        handled.push(`${message.keyText}${message.text()}`)
      },
    })
    await here.publishAll(["slow"], 2)
    await here.publishAll(["a", "b"], 2)
    await until(() => handled.length === 4, { what: "the other keys" })
    isBroken = false
    await until(() => handled.length === 6, { what: "the slow key" })
    expect(handled.slice(4)).toEqual(["slow1", "slow2"])
  }, 30_000)

  test("does not start a key again before a run that took too long has ended", async () => {
    const here = await open({ type: "quorum", partitions: 1 })
    const log: string[] = []
    let end: () => void = () => {}
    await here.join({
      handlerTimeoutMs: 50,
      retry: { backoffMs: 1 },
      async handler(_message: ConsumedMessage, { signal, attempt }: HandlerContext) {
        log.push(`run ${attempt}`)
        if (attempt > 1) return
        signal.addEventListener("abort", () => log.push("told"))
        await new Promise<void>((resolve) => {
          end = resolve
        })
        log.push("ended")
      },
    })
    await here.publish("a", "1")
    await until(() => log.includes("told"), { what: "the signal" })
    await Bun.sleep(100)
    end()
    await until(() => log.length === 4, { what: "the second run" })
    expect(log).toEqual(["run 1", "told", "ended", "run 2"])
  }, 30_000)

  test("acks what it has handled behind a message that takes long, when it gives its partition back", async () => {
    const here = await open({ type: "quorum", partitions: 1 })
    let end: () => void = () => {}
    const first = await here.join({
      async handler(message) {
        if (message.keyText !== "slow") return
        await new Promise<void>((resolve) => {
          end = resolve
        })
      },
    })
    await here.publishAll(["slow"], 2)
    await here.publishAll(keysNamed(40), 2)
    await until(() => first.counts.handled === 80, { what: "the others" })
    const closing = first.close({ handOver: false })
    end()
    expect(await closing).toBe(true)
    const again: string[] = []
    await here.join({ handler: (message) => void again.push(message.keyText! + message.text()) })
    await here.publish("last", "1")
    await until(() => again.includes("last1"), { what: "the last" })
    expect(again).toEqual(["slow2", "last1"])
  }, 30_000)

  test("puts away what fails for the last time while it is being closed", async () => {
    const here = await open({ type: "quorum", partitions: 1 })
    const [begun, closing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const consumer = await here.join({
      retry: { attempts: 1 },
      async handler() {
        begun.resolve()
        await closing.promise
        throw new Error("cannot do that")
      },
    })
    await here.publish("a", "1")
    await begun.promise
    const closed = consumer.close({ handOver: false })
    closing.resolve()
    expect(await closed).toBe(true)
    expect(consumer.counts).toMatchObject({ failed: 1, deadLettered: 1 })
  }, 30_000)

  test("goes on while PartyMQ is away, and has the same partitions afterwards", async () => {
    const here = await open({ type: "classic" })
    const oracle = new OrderOracle()
    const own = watched(oracle, "a")
    const consumer = await here.join({ handler: (m) => own.handler(m) })
    const before = () => consumer.partitions.length === 4
    await until(before, { what: "all partitions" })
    const restarting = here.restartHttp(1_000)
    await here.publishAll(["a", "b", "c"], 10)
    await until(() => oracle.distinct === 30, { what: "messages while PartyMQ is away" })
    await restarting
    const joined = await here.join({ handler: (m) => own.handler(m) })
    await until(() => joined.partitions.length === 2, { what: "the other's share" })
    await until(() => consumer.counts.revoked === 2, { what: "two to be given back" })
    expect(consumer.counts.fenced).toBe(0)
  }, 30_000)

  test("is told when its connection is lost, and joins again once what ran has ended", async () => {
    const here = await open({ type: "quorum", partitions: 1 })
    const log: string[] = []
    let end: () => void = () => {}
    const consumer = await here.join({
      memberId: "lost",
      retry: { attempts: 1 },
      async handler(message, { signal }) {
        log.push(`start ${message.text()} ${message.deliveryCount}`)
        if (message.deliveryCount > 1) return
        signal.addEventListener("abort", () => log.push("told"))
        await new Promise<void>((resolve) => {
          end = resolve
        })
      },
    })
    consumer.on("fenced", ({ reason }) => log.push(reason))
    await here.publish("a", "1")
    await until(() => log.length === 1, { what: "the start" })
    const isListed = async () => {
      const all = await management<{ consumer_tag: string }[]>(
        "GET",
        `/api/consumers/${vhost.name}`,
      )
      return all.some(({ consumer_tag }) => consumer_tag === "lost")
    }
    await until(isListed, { what: "its name in the broker's list", timeoutMs: 20_000 })
    await closeConnections(vhost, "lost")
    await until(() => log.includes("told"), { what: "the signal" })
    end()
    await until(() => log.length === 4, {
      what: () => `the message again: ${log}`,
      timeoutMs: 20_000,
    })
    expect(log).toEqual(["start 1 1", "told", "connection_lost", "start 1 2"])
    expect(consumer.counts).toMatchObject({ fenced: 1, reconnected: 1, handled: 1, failed: 0 })
  }, 40_000)

  test("finishes its other partitions when it loses the channel of one, and joins again", async () => {
    const here = await open({ type: "classic", partitions: 2 })
    const opening = spyOn(Connection, "open")
    const log: string[] = []
    const { promise: end, resolve } = Promise.withResolvers<void>()
    const consumer = await here.join({
      async handler({ partition }, { signal }) {
        if (partition === 0) return
        signal.addEventListener("abort", () => log.push("told"))
        await end
      },
    })
    consumer.on("fenced", ({ reason, running }) => log.push(`${reason} ${running}`))
    await until(() => consumer.counts.assigned === 2, { what: "its partitions" })
    await here.publishAll(keysNamed(8), 1)
    await until(() => consumer.counts.handled > 0, { what: "messages of partition 0" })
    const connection = (await opening.mock.results[0]!.value) as Connection
    opening.mockRestore()
    // Of a message that it has not delivered: the broker closes the channel, of its first partition.
    connection.write(ackFrame(2, 1_000, false))
    await until(() => log.length > 0, { what: "the loss", timeoutMs: 20_000 })
    const { handled } = consumer.counts
    resolve()
    await until(() => consumer.counts.handled > handled, { what: "the end of what ran" })
    expect(log.filter((each) => each === "told")).toEqual([])
    expect(log[0]).toMatch(/^channel_lost [1-8]$/)
  }, 30_000)

  test("is refused by a topic that is not there", async () => {
    const here = await open({ type: "classic", partitions: 1 })
    const joining = here.join({ topic: "other", handler: () => {} })
    expect(joining).rejects.toMatchObject({ code: "unknown_topic" })
    await joining.catch(() => {})
  }, 30_000)

  test("gives up what does not end when it is closed, and says so", async () => {
    const here = await open({ type: "classic", partitions: 1 })
    let told = false
    const consumer = await here.join({
      handler: (_message, { signal }) =>
        new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => {
            told = true
            resolve()
          })
        }),
    })
    await here.publish("a", "1")
    await until(() => consumer.partitions.length === 1, { what: "its partition" })
    expect(await consumer.close({ timeoutMs: 300 })).toBe(!told)
  }, 30_000)
})
