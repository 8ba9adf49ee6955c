import { describe, expect, test } from "bun:test"
import type { Consumer } from "../../src/client/index.ts"
import { flawless, OrderOracle } from "../support/order-oracle.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { keysNamed, withScene } from "./group-scene.ts"

const vhost = withVhost()
const open = withScene(vhost)
const partitions = 16
const keys = keysNamed(200)

for (const type of ["classic", "quorum"] as const) {
  describe(`partitions on ${type} queues that move at once`, () => {
    test("are handed over one after another, handled until their turn, with nothing twice", async () => {
      const here = await open({ type, partitions })
      const oracle = new OrderOracle()
      /** What the old owner began with after it had given a partition back. */
      const begunSince = new Set<number>()
      let isHandingOver = false
      const join = (name: string): Promise<Consumer> =>
        here.join({
          async handler(message) {
            const event = { key: message.keyText!, revision: Number(message.text()) }
            if (name === "old" && isHandingOver) begunSince.add(message.partition)
            oracle.started(name, message.partition, event)
            await Bun.sleep(5)
            oracle.finished(name, event)
          },
        })
      let count = 0
      const publish = async () => {
        count += 1
        await Promise.all(keys.map((key) => here.publish(key, String(count))))
      }
      const old = await join("old")
      const handedOver = new Set<number>()
      old.on("revoked", ({ partition }) => {
        handedOver.add(partition)
        isHandingOver = true
      })
      const wasHandledMeanwhile = () => [...begunSince].some((each) => handedOver.has(each))
      // It takes a process that stands still to hand them over all at once: the next time, then.
      while (!wasHandledMeanwhile()) {
        isHandingOver = false
        handedOver.clear()
        begunSince.clear()
        const other = await join(`other ${count}`)
        while (handedOver.size < partitions / 2) await publish()
        isHandingOver = false
        expect(await other.close()).toBe(true)
        await until(() => old.partitions.length === partitions, { what: "all to be back" })
      }
      const total = keys.length * count
      await until(() => oracle.distinct === total, {
        what: () => `${total} messages, ${oracle.distinct} have come`,
        timeoutMs: 20_000,
      })
      const all = keys.flatMap((key) =>
        Array.from({ length: count }, (_, n) => ({ key, revision: n + 1 })),
      )
      expect(oracle.verdict(all)).toEqual(flawless)
    }, 60_000)
  })
}
