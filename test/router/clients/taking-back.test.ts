import { expect, test } from "bun:test"
import { unique } from "../../support/unique.ts"
import { withVhost } from "../../support/vhost.ts"
import { clientScene, has, inOrder, published } from "./client-scene.ts"

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
