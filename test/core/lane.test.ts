import { describe, expect, test } from "bun:test"
import { Lane, type Parcel, type ParcelResult } from "../../src/core/lane.ts"
import { groupStats } from "../../src/core/stats.ts"

interface Wait {
  readonly turn: number
  readonly delayMs: number
  readonly declare: boolean
}

function laneUnderTest({ mayRefuse = false, returnsMax = 3, isOpen = true } = {}) {
  const sent: Parcel[] = []
  const waits: Wait[] = []
  const results: string[] = []
  const stats = groupStats()
  const backoff = { firstMs: 100, maxMs: 400 }
  const port = { mayPublish: true }
  const lane = new Lane(
    { queue: "q", mayRefuse, returnsMax, backoff, random: () => 0, stats },
    {
      fits: ({ body }) => body.length < 10,
      mayPublish: () => port.mayPublish,
      holds: () => false,
      publish: (parcel) => sent.push(parcel),
      backOff: (turn, delayMs, declare) => waits.push({ turn, delayMs, declare }),
      settled: (parcel, result) => parcel.letter.settled(parcel, result),
    },
  )
  const offer = (name: string, { persistent = true, key = "k" } = {}) =>
    lane.offer({
      properties: new Uint8Array(2),
      body: new TextEncoder().encode(name),
      orderKey: key,
      persistent,
      settled: (_: Parcel, result: ParcelResult) => results.push(`${name} ${result}`),
    })
  const names = () => sent.map(({ letter }) => new TextDecoder().decode(letter.body))
  const retry = () => lane.retry(waits.at(-1)!.turn)
  if (isOpen) lane.opened()
  return { lane, port, sent, waits, results, stats, offer, names, retry }
}

/** Like none of those in flight. */
const unknown = { properties: new Uint8Array(0), body: Uint8Array.of(0) }
const fine = () => undefined

describe("a lane", () => {
  test("holds everything until it is opened, and then sends one until that is confirmed", () => {
    const { lane, offer, names } = laneUnderTest({ isOpen: false })
    const [first] = ["a", "b", "c"].map((name) => offer(name))
    expect(names()).toEqual([])
    lane.opened()
    expect(names()).toEqual(["a"])
    lane.confirmed(first!)
    expect(names()).toEqual(["a", "b", "c"])
    offer("d")
    expect(names()).toEqual(["a", "b", "c", "d"])
  })

  test("says of what was confirmed beside a return that it may have arrived, if it is given up", () => {
    const { lane, offer, results } = laneUnderTest()
    lane.confirmed(offer("probe"))
    const [a, b, c] = ["a", "b", "c"].map((name) => offer(name, { persistent: false }))
    // The queue was deleted, and declared again by somebody else before it got the others.
    lane.returned(a!.letter)
    lane.abandon(a!)
    lane.abandon(b!)
    for (const parcel of [a, b, c]) lane.confirmed(parcel!)
    lane.abandon(c!)
    expect(results).toEqual(["probe confirmed", "a returned", "b lost", "c lost"])
  })

  test("waits for what is in flight before it sends a refused one again, alone", () => {
    const { lane, offer, names, waits, retry, results } = laneUnderTest()
    lane.confirmed(offer("probe"))
    const own = (key: string) => offer(key, { key })
    const [a, b, c] = [own("a"), own("b"), own("c")]
    lane.refused(b)
    own("d")
    lane.refused(a)
    expect(waits).toEqual([])
    lane.confirmed(c)
    expect(waits).toEqual([{ turn: expect.any(Number), delayMs: 100, declare: false }])
    expect(names()).toEqual(["probe", "a", "b", "c"])
    retry()
    expect(names().slice(4)).toEqual(["a"])
    lane.confirmed(a)
    expect(names().slice(4)).toEqual(["a", "b", "d"])
    expect(results).toEqual(["probe confirmed", "c confirmed", "a confirmed"])
  })

  test("waits longer with each refusal in a row, and short again after a confirm", () => {
    const { lane, offer, waits, retry } = laneUnderTest()
    const a = offer("a")
    for (let times = 0; times < 4; times++) {
      lane.refused(a)
      retry()
    }
    lane.confirmed(a)
    lane.refused(offer("b"))
    expect(waits.map(({ delayMs }) => delayMs)).toEqual([100, 200, 400, 400, 100])
  })

  test("counts an order violation once, however often the overtaken one is refused again", () => {
    const { lane, offer, stats, retry } = laneUnderTest()
    lane.confirmed(offer("probe"))
    const [a, b] = [offer("a"), offer("b")]
    lane.confirmed(b)
    for (let times = 0; times < 3; times++) {
      lane.refused(a)
      retry()
    }
    expect(stats.orderViolations).toBe(1)
  })

  test("counts no order violation between messages of different keys, or of none", () => {
    const { lane, offer, stats } = laneUnderTest()
    lane.confirmed(offer("probe"))
    const [a, b] = [offer("a", { key: "one" }), offer("b", { key: "two" })]
    lane.confirmed(b)
    lane.refused(a)
    expect(stats.orderViolations).toBe(0)
  })

  test("counts an order violation that comes to light after a return", () => {
    const { lane, offer, stats } = laneUnderTest()
    lane.confirmed(offer("probe"))
    const [a, b] = [offer("a"), offer("b"), offer("c")] as const
    lane.confirmed(b)
    lane.returned(unknown)
    lane.refused(a)
    expect(stats.orderViolations).toBe(1)
  })

  test("takes no confirm for success that comes behind a return", () => {
    const { lane, offer, names, waits, retry, results } = laneUnderTest()
    const a = offer("a")
    lane.returned(unknown)
    lane.confirmed(a)
    expect(results).toEqual([])
    expect(waits.at(-1)?.declare).toBe(true)
    retry()
    lane.confirmed(a)
    expect(names()).toEqual(["a", "a"])
    expect(results).toEqual(["a confirmed"])
  })

  test("gives up all it has, in order, after so many returns in a row", () => {
    const { lane, offer, retry, results, waits, names } = laneUnderTest({ returnsMax: 3 })
    const a = offer("a")
    offer("b")
    offer("c", { key: "other" })
    for (let times = 1; times <= 3; times++) {
      expect(results).toEqual([])
      lane.returned(unknown)
      lane.confirmed(a)
      expect(waits.length).toBe(times)
      retry()
    }
    expect(results).toEqual(["a returned", "b returned", "c returned"])
    expect(names()).toEqual(["a", "a", "a"])
    expect(lane.size).toBe(0)
  })

  test("gives up what came while it waited with the next return, but not after a lull", () => {
    const { lane, offer, retry, results } = laneUnderTest({ returnsMax: 2 })
    const returned = (parcel: Parcel) => {
      lane.returned(unknown)
      lane.confirmed(parcel)
    }
    const a = offer("a")
    returned(a)
    retry()
    returned(a)
    const b = offer("b")
    offer("c")
    retry()
    returned(b)
    expect(results).toEqual(["a returned", "b returned", "c returned"])
    retry()
    const d = offer("d")
    returned(d)
    expect(results.length).toBe(3)
    retry()
    lane.confirmed(d)
    expect(results.at(-1)).toBe("d confirmed")
  })

  test("declares the queue again before it tries the one behind a message given up", () => {
    const { lane, offer, names, waits, retry } = laneUnderTest({ returnsMax: 1 })
    const a = offer("a")
    lane.returned(unknown)
    lane.confirmed(a)
    offer("b")
    expect(names()).toEqual(["a"])
    expect(waits.at(-1)?.declare).toBe(true)
    retry()
    expect(names()).toEqual(["a", "b"])
  })

  test("gives nothing up for refusals: a full queue is not a missing one", () => {
    const { lane, offer, retry, results } = laneUnderTest({ returnsMax: 3 })
    const a = offer("a")
    for (let times = 0; times < 10; times++) {
      lane.refused(a)
      retry()
    }
    lane.returned(unknown)
    lane.confirmed(a)
    retry()
    lane.confirmed(a)
    expect(results).toEqual(["a confirmed"])
  })

  test("ignores a wait that belongs to an earlier channel or is over already", () => {
    const { lane, offer, names, waits } = laneUnderTest()
    const a = offer("a")
    lane.refused(a)
    const [stale] = waits
    lane.closed(fine)
    lane.opened()
    expect(names()).toEqual(["a", "a"])
    lane.refused(a)
    lane.retry(stale!.turn)
    expect(names()).toEqual(["a", "a"])
    lane.retry(waits.at(-1)!.turn)
    lane.retry(waits.at(-1)!.turn)
    expect(names()).toEqual(["a", "a", "a"])
    expect(lane.state).toBe("probing")
  })

  test("sends what is persistent again after a lost channel, in its order, before the rest", () => {
    const { lane, offer, names } = laneUnderTest()
    lane.confirmed(offer("probe"))
    const own = (key: string) => offer(key, { key })
    const [first, b] = [own("a"), own("b"), own("c")] as const
    lane.refused(b)
    own("d")
    const given = lane.closed(fine)
    expect(given).toEqual([])
    lane.opened()
    expect(names().slice(4)).toEqual(["a"])
    lane.confirmed(first)
    expect(names().slice(4)).toEqual(["a", "b", "c", "d"])
  })

  test("gives up what is not persistent when its channel is lost, saying whether it was sent", () => {
    const { lane, offer } = laneUnderTest()
    offer("a", { persistent: false })
    offer("b", { persistent: false })
    expect(lane.closed(fine).map(([, failure]) => failure)).toEqual(["lost", "unsent"])
    expect(lane.size).toBe(0)
  })

  test("settles an abandoned letter at once if it waits, else with its answer, and never sends it", () => {
    const { lane, offer, names, results, retry } = laneUnderTest()
    const [a, b, c] = ["a", "b", "c"].map((name) => offer(name)) as [Parcel, Parcel, Parcel]
    lane.abandon(b)
    expect(results).toEqual(["b unsent"])
    lane.abandon(a)
    lane.abandon(a)
    expect(results).toEqual(["b unsent"])
    lane.refused(a)
    expect(results).toEqual(["b unsent", "a refused"])
    expect(names()).toEqual(["a", "c"])
    lane.refused(c)
    lane.abandon(c)
    expect(results).toEqual(["b unsent", "a refused", "c refused"])
    retry()
    expect(names()).toEqual(["a", "c"])
    expect(lane.size).toBe(0)
  })
})

/** Runs in far less where each step costs the same, and takes minutes where each looks at all. */
const manyCount = 100_000
const manyTimeoutMs = 4_000

describe("a lane with very many that wait", () => {
  test(
    "is as quick to give each up, in any order",
    () => {
      const { lane, offer, results } = laneUnderTest({ isOpen: false })
      const parcels = Array.from({ length: manyCount }, () => offer("m"))
      for (const parcel of parcels.filter((_, at) => at % 2 === 0)) lane.abandon(parcel)
      for (const parcel of parcels.reverse()) lane.abandon(parcel)
      expect(lane.size).toBe(0)
      expect(results.length).toBe(manyCount)
    },
    manyTimeoutMs,
  )

  test(
    "is as quick to send each once the one of its key before it is confirmed",
    () => {
      const { lane, offer, sent } = laneUnderTest({ mayRefuse: true })
      lane.confirmed(offer("probe"))
      for (let at = 0; at < manyCount; at++) offer("m", { key: String(at % 3) })
      for (let at = 1; at <= manyCount; at++) lane.confirmed(sent[at]!)
      expect(lane.size).toBe(0)
      expect(sent.length).toBe(manyCount + 1)
    },
    manyTimeoutMs,
  )

  test("holds on to nothing it gave up, however long it cannot send", () => {
    const { lane, offer } = laneUnderTest({ isOpen: false })
    const given: WeakRef<Parcel>[] = []
    for (let at = 0; at < 10_000; at++) {
      const parcel = offer("m")
      lane.abandon(parcel)
      given.push(new WeakRef(parcel))
    }
    Bun.gc(true)
    const held = given.filter((each) => each.deref() !== undefined).length
    expect(held).toBeLessThan(1_000)
  })
})

describe("a lane whose queue has refused something", () => {
  test("has one in flight for each key from then on, over lost channels too", () => {
    const { lane, offer, names, retry } = laneUnderTest()
    lane.confirmed(offer("probe"))
    const first = offer("a1", { key: "a" })
    lane.confirmed(offer("b0", { key: "b" }))
    lane.refused(first)
    const held = ["a2", "b1", "a3", "b2"].map((name) => offer(name, { key: name[0]! }))
    retry()
    expect(names().slice(3)).toEqual(["a1"])
    lane.confirmed(first)
    expect(names().slice(4)).toEqual(["b1", "a2"])
    lane.confirmed(held[0]!)
    expect(names().slice(6)).toEqual(["a3"])
    lane.closed(fine)
    lane.opened()
    expect(names().slice(7)).toEqual(["b1"])
    lane.confirmed(held[1]!)
    expect(names().slice(8)).toEqual(["a3", "b2"])
  })

  test("sends the next of a key when the one before it is given up", () => {
    const { lane, offer, names, retry } = laneUnderTest()
    const first = offer("x", { key: "x" })
    lane.refused(first)
    const [a1] = [offer("a1", { key: "a" }), offer("a2", { key: "a" })]
    lane.abandon(a1)
    retry()
    lane.confirmed(first)
    expect(names()).toEqual(["x", "x", "a2"])
  })
})

describe("a lane whose queue may refuse", () => {
  test("has one in flight for each key, and any number without one", () => {
    const { lane, offer, names } = laneUnderTest({ mayRefuse: true })
    lane.confirmed(offer("probe"))
    const first = offer("a1", { key: "a" })
    offer("a2", { key: "a" })
    offer("b1", { key: "b" })
    offer("a3", { key: "a" })
    expect(names()).toEqual(["probe", "a1", "b1"])
    lane.confirmed(first)
    expect(names()).toEqual(["probe", "a1", "b1", "a2"])
  })
})
