import { describe, expect, test } from "bun:test"
import { ownerToBe } from "../../../src/core/clients/client-partition.ts"
import type { ClientsRules } from "../../../src/core/clients/clients-state.ts"
import { forwardedTo, heldPartitions } from "../../../src/core/clients/clients-view.ts"
import { sticky } from "../../../src/core/group/sticky.ts"
import { seeded } from "../../support/seed.ts"
import { SimulatedClients } from "./simulated-clients.ts"

const rules: ClientsRules = {
  assignor: sticky,
  expiryMs: 300,
  initialDelayMs: 100,
  initialDelayMaxMs: 250,
  returnMs: 50,
  onHandOverTimeout: "wait",
  handOverTimeoutMs: 500,
  stuckMs: 200,
}
const ids = ["a", "b", "c", "d"]

for (const hasManagement of [true, false]) {
  const known = hasManagement ? "what is unacked is known" : "only what is ready is known"
  test(
    `whatever clients do, nothing is lost, out of order or in two places at once, while ${known}`,
    seeded((random) => {
      for (let run = 0; run < 60; run++) {
        const group = new SimulatedClients(5, rules, hasManagement)
        const steps: readonly (() => void)[] = [
          () => group.publish(random.integer(5)),
          () => group.publish(random.integer(5)),
          () => group.forward(random.integer(5)),
          () => group.forward(random.integer(5)),
          () => group.apply(random.integer(5)),
          () => group.apply(random.integer(5)),
          () => group.work(random.pick(ids)),
          () => group.work(random.pick(ids)),
          () => group.beat(random.pick(ids)),
          () => group.beat(random.pick(ids)),
          () => group.record(),
          () => group.look(),
          () => group.see(),
          () => group.see(),
          () => group.reclaim(),
          () => group.pass(random.integer(15)),
        ]
        const rare: readonly (() => void)[] = [
          () => group.join(random.pick(ids)),
          () => group.join(random.pick(ids)),
          () => group.crash(random.pick(ids)),
          () => group.leave(random.pick(ids)),
          () => group.unbindQueue(random.pick(ids)),
          () => group.bindAgain(random.pick(ids)),
          () => group.restart(),
          () => group.bindOnly(random.pick(ids)),
          () => group.interrupt(),
          () => group.interrupt(),
          () => {
            const pod = group.pods.get(random.pick(ids))
            if (pod !== undefined) pod.isStuck = random.next() < 0.5
          },
        ]
        for (let step = 0; step < 1_500; step++) {
          const isRare = random.next() < 0.03
          random.pick(isRare ? rare : steps)()
        }
        group.settle(random.pick(ids))
        expect(group.violations).toEqual([])
        if (!hasManagement) continue
        expect(group.handled).toEqual(group.published)
        const ready = [...group.state.clients].filter(([, { phase }]) => phase === "ready")
        const sizes = ready.map(
          ([id]) => group.state.partitions.filter((each) => ownerToBe(each) === id).length,
        )
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      }
    }),
    60_000,
  )
}

describe("a client-bound group", () => {
  const started = (changes: Partial<ClientsRules> = {}) => {
    const group = new SimulatedClients(4, { ...rules, ...changes })
    group.join("a")
    group.pass(rules.initialDelayMs)
    group.record()
    for (let n = 0; n < 4; n++) group.apply(n)
    return group
  }
  const owners = (group: SimulatedClients) => group.state.partitions.map(ownerToBe)

  test("is shared out once for those that start together, and not later than it may be", () => {
    const group = new SimulatedClients(4, rules)
    for (const [at, id] of ids.entries()) {
      group.join(id)
      for (const each of ids) group.beat(each)
      group.pass(80)
      expect(owners(group).filter((id) => id !== undefined).length).toBe(at < 3 ? 0 : 4)
    }
    expect(new Set(owners(group)).size).toBe(4)
  })

  test("keeps what it has forwarded to a client that restarts in time", () => {
    const group = started()
    group.join("b")
    group.leave("a")
    group.pass(10)
    expect(owners(group)).toContain("a")
    group.join("a")
    group.pass(100)
    expect(owners(group).filter((id) => id === "a").length).toBe(2)
  })

  test("holds only what moves away from a client that is stuck, and no longer than that is allowed", () => {
    const group = started({ onHandOverTimeout: "proceed" })
    for (let n = 0; n < 8; n++) {
      group.publish(n % 4)
      group.forward(n % 4)
    }
    group.pods.get("a")!.isStuck = true
    group.join("b")
    const later = (ms: number) => {
      group.beat("a")
      group.beat("b")
      for (let n = 0; n < 4; n++) group.apply(n)
      group.look()
      group.see()
      group.pass(ms)
      group.record()
    }
    later(10)
    expect(heldPartitions(group.state)).toBe(2)
    // What stays waits as well, in case that the queue runs empty.
    later(10)
    expect([0, 1, 2, 3].map((n) => forwardedTo(group.state, n))).not.toContain("a")
    later(rules.stuckMs)
    later(10)
    expect([0, 1, 2, 3].filter((n) => forwardedTo(group.state, n) === "a").length).toBe(2)
    expect(heldPartitions(group.state)).toBe(2)
    later(rules.handOverTimeoutMs / 2)
    later(10)
    later(10)
    expect(heldPartitions(group.state)).toBe(0)
    expect(group.effects.filter((each) => each.kind === "moved").map(({ how }) => how)).toEqual([
      "proceeded",
      "proceeded",
    ])
  })

  test("does not take an old look at a queue for one at what it got since", () => {
    const group = started()
    const step = () => {
      for (let n = 0; n < 4; n++) group.apply(n)
      group.record()
    }
    group.join("b")
    step()
    // Empty, and told late.
    group.look()
    group.pass(10)
    const isOwned = (n: number) => group.state.partitions[n]!.kind === "owned"
    const kept = [0, 1, 2, 3].filter(isOwned)
    for (const partition of kept) {
      group.publish(partition)
      group.forward(partition)
    }
    group.join("c")
    group.join("d")
    step()
    const moving = kept.filter((partition) => !isOwned(partition))
    expect(moving.length).toBe(1)
    group.see()
    expect(moving.filter(isOwned)).toEqual([])
    expect([0, 1, 2, 3].filter(isOwned).length).toBe(3)
  })

  describe("that has taken back a part of what a client left", () => {
    /** `a` has left six messages, of which some are taken back for `b` until that is interrupted. */
    function interrupted() {
      const quick = { ...rules, initialDelayMs: 0, initialDelayMaxMs: 0 }
      const group = new SimulatedClients(1, quick, true)
      const step = () => {
        group.pass(1)
        group.record()
        group.apply(0)
      }
      group.join("a")
      step()
      for (let n = 0; n < 6; n++) {
        group.publish(0)
        group.forward(0)
      }
      group.leave("a")
      group.join("b")
      group.pass(rules.returnMs)
      const reclaimed = (count: number) => {
        step()
        group.look()
        group.see()
        group.record()
        expect(group.state.reclaims.size).toBe(1)
        for (let n = 0; n < count; n++) group.reclaim()
      }
      reclaimed(3)
      group.interrupt()
      return { group, reclaimed }
    }

    test("puts the rest behind that", () => {
      const { group, reclaimed } = interrupted()
      reclaimed(4)
      group.settle("b")
      expect(group.violations).toEqual([])
      expect(group.handled).toEqual([6])
    })

    test("takes back the rest although nobody is there, so that the client itself may come back", () => {
      const { group } = interrupted()
      group.leave("b")
      group.settle("a")
      expect(group.violations).toEqual([])
      expect(group.handled).toEqual([6])
    })
  })

  test("takes back what was left by a client that asks for its routing key again and is never ready", () => {
    const group = started()
    group.publish(0)
    group.forward(0)
    group.leave("a")
    group.happen({ kind: "bound", client: "a" })
    group.join("b")
    for (let n = 0; n < 20; n++) {
      group.happen({ kind: "heard", client: "a" })
      group.beat("b")
      group.pass(rules.expiryMs / 10)
      for (let n = 0; n < 4; n++) group.apply(n)
      group.record()
      group.look()
      group.see()
      group.reclaim()
    }
    expect(owners(group)).toEqual(["b", "b", "b", "b"])
    expect(heldPartitions(group.state)).toBe(0)
    expect(group.state.fronts[0]!.length).toBe(1)
  })

  test("takes nothing back from the last clients that go", () => {
    const group = started()
    group.publish(0)
    group.forward(0)
    group.leave("a")
    for (let n = 0; n < 20; n++) {
      group.look()
      group.see()
      group.pass(50)
    }
    expect(group.state.reclaims.size).toBe(0)
    expect(group.pods.get("a")!.queue.length).toBe(1)
  })
})
