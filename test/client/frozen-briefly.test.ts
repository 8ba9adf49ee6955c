import { expect, test } from "bun:test"
import { deadLetterQueue } from "../../src/core/generation.ts"
import { closeConnection, connectionsOf } from "../support/consumer-connections.ts"
import { expectMessages } from "../support/expect-messages.ts"
import { OrderOracle } from "../support/order-oracle.ts"
import { connect } from "../support/raw-client.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { frozenMember } from "./frozen-process.ts"
import { type GroupScene, keysNamed, withScene } from "./group-scene.ts"

const vhost = withVhost()
const open = withScene(vhost)

/** Longer than the process ever stands still by itself, and much less than it will. */
const stillMs = 1_000

test("a consumer that was cut off while it was stopped begins none of the messages that it holds", async () => {
  const scene = await open({ type: "classic", partitions: 2 })
  await cutOffWhileStopped(scene, async (frozen) => {
    await publish(scene, 0)
    const isBusy = () => frozen.said.filter(({ started }) => started).length === 2
    await until(isBusy, { what: "the start" })
    frozen.kill("SIGSTOP")
  })
}, 40_000)

test("a consumer that was cut off while it was stopped puts away none of the messages that another has", async () => {
  const scene = await open({ type: "classic", partitions: 2 })
  const stop = async (frozen: Frozen) => {
    await publish(scene, 0)
    const isBusy = () => frozen.said.filter(({ started }) => started).length === 2
    await until(isBusy, { what: "the start" })
    frozen.kill("SIGSTOP")
  }
  const said = await cutOffWhileStopped(scene, stop, { isFailing: true })
  expect(said.filter(({ deadLettered }) => deadLettered)).toEqual([])
  const connection = await connect(vhost.url)
  await expectMessages(connection, deadLetterQueue("t"), 0)
  await connection.shut(1_000)
}, 40_000)

test("a consumer that was cut off while it was stopped begins none of the messages that it had not read", async () => {
  const scene = await open({ type: "quorum", partitions: 2 })
  await cutOffWhileStopped(scene, async (frozen) => {
    frozen.kill("SIGSTOP")
    await publish(scene, 20)
  })
}, 40_000)

type Frozen = ReturnType<typeof frozenMember>

/** While it is stopped, for less than its lease, another takes over one of its partitions. */
async function cutOffWhileStopped(
  scene: GroupScene,
  stop: (frozen: Frozen) => Promise<void>,
  { isFailing = false } = {},
): Promise<Frozen["said"]> {
  const frozen = frozenMember(vhost.url, scene.http, { stillMs, isFailing })
  const { said } = frozen
  const oracle = new OrderOracle()
  const { promise: over, resolve: end } = Promise.withResolvers<void>()
  try {
    const hasAll = () => said.filter(({ assigned }) => assigned !== undefined).length === 2
    await until(hasAll, { what: "its partitions" })
    const [connection] = await connectionsOf(vhost, "frozen")
    await stop(frozen)
    const stoppedMs = performance.now()
    const begun: boolean[] = []
    const successor = await scene.join({
      async handler(message) {
        begun.push(message.redelivered)
        oracle.started("successor", message.partition, seen(message.text()))
        await over
      },
    })
    await until(() => successor.counts.assigned === 1, { what: "a standby" })
    await closeConnection(connection!)
    await until(() => begun.length > 2, { what: "the successor to begin" })
    // These had been delivered to the one that is stopped.
    expect(begun).not.toContain(false)
    await until(() => performance.now() - stoppedMs > stillMs + 100, { what: "a pause" })
    const before = said.length
    frozen.kill("SIGCONT")
    await until(() => said.some(({ fenced }) => fenced), { what: "its end" })
    const after = said.slice(before).filter(({ started }) => started !== undefined)
    for (const { started, partition } of after) oracle.started("frozen", partition!, seen(started!))
    expect(said.find(({ fenced }) => fenced)?.fenced).toBe("connection_lost")
    expect(oracle.verdict([])).toMatchObject({ overlapping: 0, inverted: 0 })
    expect(after).toEqual([])
    return said
  } finally {
    end()
    await frozen.end()
  }
}

const seen = (body: string) => ({ key: `k${body}`, revision: 1 })

/** Twenty keys of both partitions, a message each. */
async function publish(scene: GroupScene, from: number): Promise<void> {
  for (const key of keysNamed(from + 20).slice(from)) await scene.publish(key, key.slice(1))
}
