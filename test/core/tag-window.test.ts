import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { TagWindow } from "../../src/core/tag-window.ts"
import { seed } from "../support/seed.ts"

/** The same by plain means: a map from tag to item. */
class NaiveWindow {
  readonly open = new Map<number, string>()
  #last = 0

  push(item: string): void {
    this.#last += 1
    this.open.set(this.#last, item)
  }

  settle(tag: number, multiple: boolean): string[] {
    if (tag > this.#last) return []
    const tags = [...this.open.keys()].filter((each) => (multiple ? each <= tag : each === tag))
    return tags.map((each) => {
      const item = this.open.get(each)!
      this.open.delete(each)
      return item
    })
  }

  where(isWanted: (tag: number) => boolean): string[] {
    return [...this.open].filter(([tag]) => isWanted(tag)).map(([, item]) => item)
  }

  get oldestTag(): number {
    return Math.min(...this.open.keys(), this.#last + 1)
  }
}

function compare(steps: readonly (readonly [pushes: number, tag: number, multiple: boolean])[]) {
  const window = new TagWindow<string>()
  const naive = new NaiveWindow()
  let count = 0
  for (const [pushes, tag, multiple] of steps) {
    for (let i = 0; i < pushes; i++) {
      count += 1
      window.push(`item ${count}`)
      naive.push(`item ${count}`)
    }
    const taken: string[] = []
    window.settle(tag, multiple, (item) => taken.push(item))
    expect(taken).toEqual(naive.settle(tag, multiple))
    expect(window.size).toBe(naive.open.size)
    expect(window.oldestTag).toBe(naive.oldestTag)
    expect(window.oldest).toBe(naive.open.get(naive.oldestTag))
    expect(window.newestTag).toBe(count)
    expect(window.upTo(tag)).toEqual(naive.where((each) => each <= tag))
    expect(window.after(tag)).toEqual(naive.where((each) => each > tag))
  }
}

describe("the window of tags", () => {
  test("agrees with a plain map under any schedule: multiple, repeated and unknown tags", () => {
    const step = fc.tuple(fc.nat(4), fc.nat(60), fc.boolean())
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => compare(steps)),
      { seed, numRuns: 500 },
    )
  })

  test("agrees with a plain map across thousands of publishes", () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 900 }), fc.nat(400), fc.boolean())
    const steps = fc.array(step, { minLength: 10, maxLength: 12, size: "max" })
    const property = fc.property(steps, (relative) => {
      let pushed = 0
      // Tags near the end of what was pushed, so that the window really moves on.
      const absolute = relative.map(([pushes, back, multiple]) => {
        pushed += pushes
        return [pushes, Math.max(0, pushed - back), multiple] as const
      })
      compare(absolute)
    })
    fc.assert(property, { seed, numRuns: 20 })
  })

  test("counts on when a visitor publishes", () => {
    const window = new TagWindow<string>()
    window.push("a")
    window.push("b")
    const taken: string[] = []
    window.settle(2, true, (item) => {
      taken.push(item)
      window.push(`after ${item}`)
    })
    expect(taken).toEqual(["a", "b"])
    window.settle(4, false, (item) => taken.push(item))
    expect(taken.at(-1)).toBe("after b")
    expect(window.oldestTag).toBe(3)
  })

  test("takes out one as it settles one", () => {
    const window = new TagWindow<string>()
    for (const item of ["a", "b", "c"]) window.push(item)
    expect([window.remove(2), window.remove(2), window.remove(4), window.remove(0)]).toEqual([
      "b",
      undefined,
      undefined,
      undefined,
    ])
    expect([window.oldestTag, window.size]).toEqual([1, 2])
    expect([window.remove(1), window.oldestTag, window.oldest]).toEqual(["a", 3, "c"])
    expect([window.remove(1), window.remove(2)]).toEqual([undefined, undefined])
  })

  test("counts on when it has been cleared", () => {
    const window = new TagWindow<string>()
    for (const item of ["a", "b", "c"]) window.push(item)
    window.remove(1)
    window.clear()
    expect([window.size, window.oldest, window.oldestTag, window.newestTag]).toEqual([
      0,
      undefined,
      4,
      3,
    ])
    window.push("d")
    expect([window.remove(3), window.remove(4)]).toEqual([undefined, "d"])
  })
})
