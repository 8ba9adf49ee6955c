import { expect, test } from "bun:test"
import { unique } from "../../support/unique.ts"
import { until } from "../../support/until.ts"
import { withVhost } from "../../support/vhost.ts"
import { clientScene, has, inOrder, owners, published } from "./client-scene.ts"

const { served, client } = clientScene(withVhost())

for (const type of ["classic", "quorum"] as const) {
  test(`what a client left in a ${type} queue with a single active consumer is taken back`, async () => {
    const at = await served(unique("single"), { management: false })
    const single = { type, args: { "x-single-active-consumer": true } }
    const gone = client(at, "gone", undefined, undefined, single)
    await gone.start()
    await gone.said("ready", { queue: gone.queue })
    const sent = await published(at, 100)
    await gone.leave()
    const log: string[] = []
    await client(at, "heir", log).start()
    await has(log, sent.length)
    expect(log.toSorted()).toEqual(sent.toSorted())
    expect(inOrder(log)).toBe(true)
  }, 30_000)
}

test("a client with an exclusive queue shares with one that comes", async () => {
  const at = await served(unique("exclusive"))
  const logs: string[][] = [[], []]
  const [first, second] = ["first", "second"].map((name, n) =>
    client(at, name, logs[n], undefined, { durable: false, exclusive: true }),
  )
  await first!.start()
  const sent = await published(at, 100)
  await has(logs[0]!, 100)
  await second!.start()
  const shares = () =>
    [first, second].map((each) => owners(at).filter((owner) => owner === each!.options.name).length)
  await until(() => shares().every((count) => count === 4), {
    what: () => `halves, not ${shares()}`,
  })
  sent.push(...(await published(at, 100, 100)))
  await until(() => logs.flat().length === sent.length, { what: "everything" })
  expect(logs.flat().toSorted()).toEqual(sent.toSorted())
  expect(logs.every(inOrder)).toBe(true)
}, 30_000)
