import { describe, expect, test } from "bun:test"
import { unique } from "../../support/unique.ts"
import { until } from "../../support/until.ts"
import { withVhost } from "../../support/vhost.ts"
import {
  clientScene,
  has,
  inOrder,
  ownerOf,
  owners,
  published,
  type Served,
  untilShared,
} from "./client-scene.ts"

const { served, client } = clientScene(withVhost())

/** Two clients that share everything, of which the first works on nothing until it is freed, and a third. */
async function withOneStuck(at: Served) {
  const { promise: isFree, resolve: free } = Promise.withResolvers<void>()
  const logs: string[][] = [[], [], []]
  const pods = logs.map((log, n) => client(at, `pod${n}`, log, n === 0 ? () => isFree : undefined))
  await Promise.all([pods[0]!.start(), pods[1]!.start()])
  await untilShared(at)
  const names = pods.map(({ options }) => options.name)
  return { logs, pods, names, free }
}

describe("a client that stops working", () => {
  test("holds up only what moves away from it", async () => {
    const at = await served(unique("stuck"))
    const { logs, pods, names, free } = await withOneStuck(at)
    const sent = await published(at, 400)
    await has(logs[1]!, 50)
    await pods[2]!.start()
    await until(() => owners(at).includes(names[2]), { what: "the third to get something" })
    sent.push(...(await published(at, 400, 400)))
    const ofOthers = sent.filter((body) => ![undefined, names[0]].includes(ownerOf(at, body)))
    expect(ofOthers.length).toBeGreaterThan(200)
    await until(() => ofOthers.every((body) => [...logs[1]!, ...logs[2]!].includes(body)), {
      what: "what others have to flow",
    })
    expect(logs[0]).toEqual([])
    expect(at.router.clientGroups[0]!.counts.held).toBeGreaterThan(0)
    free()
    await until(() => logs.flat().length === sent.length, { what: "everything" })
    expect(logs.flat().toSorted()).toEqual(sent.toSorted())
    expect(logs.every(inOrder)).toBe(true)
  }, 60_000)

  test('holds up nothing for long with "proceed", and what it has is not lost', async () => {
    const late = { onHandOverTimeout: "proceed" as const, handOverTimeoutMs: 500 }
    const at = await served(unique("proceed"), { clients: late })
    const { logs, pods, names, free } = await withOneStuck(at)
    const before = owners(at)
    const old = await published(at, 400)
    await has(logs[1]!, 50)
    await pods[2]!.start()
    const isEven = () => names.every((name) => owners(at).filter((id) => id === name).length >= 2)
    await until(isEven, { what: "even shares, although one does not drain" })
    const after = owners(at)
    const moved = after.filter((id, n) => id === names[2] && before[n] === names[0])
    expect(moved.length).toBeGreaterThan(0)

    const young = await published(at, 400, 400)
    const ofThird = young.filter((body) => ownerOf(at, body) === names[2])
    await until(() => ofThird.every((body) => logs[2]!.includes(body)), {
      what: "the third to get what is new",
    })
    expect(logs[0]).toEqual([])
    free()
    const all = [...old, ...young]
    await until(() => logs.flat().length === all.length, { what: "everything" })
    expect(logs.flat().toSorted()).toEqual(all.toSorted())
    expect(logs.every(inOrder)).toBe(true)
    expect(owners(at)).toEqual(after)
  }, 60_000)
})
