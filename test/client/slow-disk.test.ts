import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import {
  canStartPrivateBroker,
  type PrivateBroker,
  startPrivateBroker,
} from "../support/private-broker.ts"
import { until } from "../support/until.ts"
import { GroupScene, keysNamed } from "./group-scene.ts"

const messages = 80

describe.skipIf(!canStartPrivateBroker)("while the broker's disk stands still", () => {
  let broker: PrivateBroker
  let here: GroupScene

  beforeAll(async () => {
    broker = await startPrivateBroker()
    here = await GroupScene.open({ url: broker.url, type: "quorum", partitions: 1 })
  }, 60_000)

  afterAll(async () => {
    await here?.close()
    await broker?.stop()
  }, 60_000)

  /** What writes the log of quorum queues is suspended: they take nothing more, no acks either. */
  const disk = (what: "suspend" | "resume") => broker.ctl("eval", `sys:${what}(ra_log_wal).`)

  test("a consumer gives its partition back with nothing that comes twice", async () => {
    const handled: string[] = []
    const stopped = Promise.withResolvers<void>()
    const first = await here.join({
      concurrency: 1,
      async handler(message) {
        await stopped.promise
        // Longer than acks are gathered: so that there is an ack for each.
        await Bun.sleep(25)
        handled.push(message.keyText!)
      },
    })
    await here.publishAll(keysNamed(messages), 1)
    await disk("suspend")
    stopped.resolve()
    // A quorum queue's channel holds back acks over 32, and forgets them when it closes.
    await until(() => handled.length >= 50, { what: "most of the messages" })
    const closing = first.close({ handOver: false })
    await disk("resume")
    expect(await closing).toBe(true)
    const count = handled.length
    expect(count).toBeLessThan(messages)
    await here.join({ handler: (message) => void handled.push(message.keyText!) })
    await until(() => new Set(handled).size === messages, { what: "the rest" })
    expect(handled).toHaveLength(messages)
  }, 60_000)
})
