import { describe, expect, test } from "bun:test"
import { bounds } from "../../../src/core/bounds.ts"
import {
  foldParkedKeys,
  noParkedKeys,
  type ParkedKeyEvent,
  type ParkedKeySet,
} from "../../../src/core/group/parked-keys.ts"
import { randomFrom, seed } from "../../support/seed.ts"

const park = (key: string, partition = 0): ParkedKeyEvent => {
  return { kind: "park", key, partition, since: "2026-01-01T00:00:00Z", detail: "why" }
}
const fold = (...events: ParkedKeyEvent[]): ParkedKeySet =>
  events.reduce(foldParkedKeys, noParkedKeys)

describe("parked keys", () => {
  test("are parked, resumed, parked again in the same stay, and released", () => {
    const parked = fold(park("a"))
    expect(parked.keys.get("a")).toMatchObject({ state: "parked", stay: 1, version: 1 })
    const resuming = foldParkedKeys(parked, { kind: "resume", key: "a" })
    expect(resuming.keys.get("a")).toMatchObject({ state: "resuming", stay: 1, version: 2 })
    const again = foldParkedKeys(resuming, park("a"))
    expect(again.keys.get("a")).toMatchObject({ state: "parked", stay: 1, version: 3 })
    const released = foldParkedKeys(resuming, { kind: "release", key: "a", version: 2 })
    expect(released.keys.size).toBe(0)
    expect(foldParkedKeys(released, park("a")).keys.get("a")).toMatchObject({ stay: 4 })
  })

  test("are as they were after what is asked twice, or of no key", () => {
    const parked = fold(park("a"))
    expect(foldParkedKeys(parked, park("a"))).toBe(parked)
    expect(foldParkedKeys(parked, { kind: "resume", key: "b" })).toBe(parked)
    expect(foldParkedKeys(parked, { kind: "release", key: "a", version: 1 })).toBe(parked)
    expect(foldParkedKeys(parked, { kind: "claim", partition: 1 })).toBe(parked)
    expect(foldParkedKeys(parked, { kind: "mark" })).toBe(parked)
  })

  test("are no more than the bound", () => {
    const many = Array.from({ length: bounds.parkedKeysMax + 1 }, (_, n) => park(`k${n}`))
    expect(fold(...many).keys.size).toBe(bounds.parkedKeysMax)
  })

  test("are never released by one that has lost the partition, however late its request comes", () => {
    const random = randomFrom(seed)
    for (let run = 0; run < 300; run++) {
      let set = fold(park("a"), { kind: "resume", key: "a" })
      let owner = -1
      /** Requests on their way: whose, and by which version. */
      const requests: { by: number; version: number }[] = []
      for (let step = 0; step < 40; step++) {
        const found = set.keys.get("a")
        if (found === undefined) break
        const which = random.integer(5)
        if (which === 0) {
          set = foldParkedKeys(set, { kind: "claim", partition: 0 })
          owner += 1
        } else if (which === 1) requests.push({ by: owner, version: found.version })
        else if (which === 2) set = foldParkedKeys(set, park("a"))
        else if (which === 3) set = foldParkedKeys(set, { kind: "resume", key: "a" })
        else {
          const [request] = requests.splice(random.integer(Math.max(1, requests.length)), 1)
          if (request === undefined) continue
          set = foldParkedKeys(set, { kind: "release", key: "a", version: request.version })
          if (!set.keys.has("a")) expect(request.by).toBe(owner)
        }
      }
    }
  })
})
