import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { bounds } from "../../src/core/bounds.ts"
import type { Lane, Letter, Parcel, ParcelResult } from "../../src/core/lane.ts"
import { Outbox } from "../../src/core/outbox.ts"
import { type GroupStats, groupStats } from "../../src/core/stats.ts"
import { seed } from "../support/seed.ts"
import { type Refusals, SimulatedBroker } from "./simulated-broker.ts"

/** How often each step is taken, in relation to the others. */
const weights = {
  offer: 24,
  route: 24,
  answer: 22,
  deliver: 26,
  fire: 10,
  endRound: 10,
  open: 6,
  abandon: 3,
  lose: 1,
  remove: 1,
  restore: 1,
  offend: 1,
  look: 3,
  bar: 2,
} as const
type StepName = keyof typeof weights
type Step = readonly [name: StepName, choice: number]

interface Plan {
  readonly refusals: Refusals
  readonly mayRefuse: boolean
  readonly returnsMax: number
  readonly without: readonly StepName[]
  /** The place of the lane whose queue never answers; it is the other that comes to rest then. */
  readonly mute: number | undefined
  readonly steps: readonly Step[]
}

/** What one run leaves behind, once the broker has come to its senses. */
class Run {
  readonly broker = new SimulatedBroker()
  readonly lanes: Lane[]
  readonly parcels: Parcel[] = []
  readonly results = new Map<Parcel, ParcelResult>()
  /** How often the client looked for answers before what is not mute was settled. */
  looks = 0
  /** How many went with their queue. */
  readonly #gone = new Map<Lane, number>()
  #offences = 0

  constructor(plan: Plan) {
    const backoff = { firstMs: 10, maxMs: 100 }
    const { mayRefuse, returnsMax } = plan
    const lane = { mayRefuse, returnsMax, backoff, random: () => 0.5 }
    this.lanes = ["one", "two"].map((queue) =>
      this.broker.outbox.addLane({ ...lane, queue, stats: groupStats() }),
    )
    this.broker.refusals = plan.refusals
    if (!plan.without.includes("offend")) {
      this.broker.isPoison = isPoison
      this.broker.bodyBytesMax = bodyBytesMax
    }
    this.broker.open()
    for (const [name, choice] of plan.steps) {
      if (!plan.without.includes(name)) this.#take(name, choice)
    }
    if (plan.mute === undefined) this.broker.calm()
    else {
      this.broker.queue(this.lanes[plan.mute]!.queue).isMute = true
      this.looks = this.broker.calmBeside([this.lanes[1 - plan.mute]!], 1_000)
    }
  }

  #take(name: StepName, choice: number): void {
    const { broker } = this
    if (name === "offer") this.#offer(choice)
    else if (name === "route") broker.route(choice)
    else if (name === "answer") broker.answer(choice)
    else if (name === "deliver") broker.deliver()
    else if (name === "endRound") broker.endRound()
    else if (name === "fire") broker.fire(choice, choice % 4 > 0)
    else if (name === "lose") broker.lose(choice % 5, choice)
    else if (name === "open") broker.open()
    else if (name === "offend") this.#offend(choice)
    else if (name === "look") broker.look(choice)
    else if (name === "bar") broker.bar(this.lanes.filter((_, at) => (choice >> at) % 2 === 1))
    else if (name === "restore") broker.queue(this.lanes[choice % 2]!.queue).isMissing = false
    else if (name === "remove") this.#remove(this.lanes[choice % 2]!)
    else this.#abandon(choice)
  }

  #remove(lane: Lane): void {
    this.broker.queue(lane.queue).isMissing = true
    this.#gone.set(lane, this.taken(lane).length)
  }

  /** The broker closes the channel as if over a message; too seldom for any to be found guilty. */
  #offend(choice: number): void {
    if (!this.broker.isOpen || ++this.#offences > bounds.strikesMax - 1) return
    this.broker.lose(choice % 5, choice, { kind: "offended" })
  }

  #offer(choice: number): void {
    const lane = this.lanes[choice % 2]!
    const key = Math.floor(choice / 2) % 4
    const parcel = lane.offer({
      properties: Uint8Array.of(choice % 97 === 96 ? 1 : 0, 0),
      // Tells them apart, as bodies do.
      body: new Uint8Array(choice % 89 === 88 ? 9 : 4).fill(this.parcels.length),
      orderKey: key === 3 ? undefined : `key ${key}`,
      persistent: choice % 7 > 1,
      settled: (settled, result) => {
        if (this.results.has(settled)) throw new Error(`letter ${settled.seq} settled twice`)
        this.results.set(settled, result)
        // An owner may well react with another letter, as dead-lettering does.
        if (result !== "confirmed" && choice % 11 === 0) this.#offer(choice + 1)
      },
    })
    this.parcels.push(parcel)
  }

  #abandon(choice: number): void {
    const parcel = this.parcels[choice % this.parcels.length]
    if (parcel === undefined) return
    this.broker.watch.abandoned.add(parcel)
    parcel.lane.abandon(parcel)
  }

  taken(lane: Lane): readonly Parcel[] {
    return this.broker.queue(lane.queue).taken
  }

  /** What is in the queue. */
  kept(lane: Lane): readonly Parcel[] {
    return this.taken(lane).slice(this.#gone.get(lane) ?? 0)
  }

  /** Letters of one key whose first copies are in the queue in another order than they were offered. */
  inversions(): string[] {
    return this.lanes.flatMap((lane) => {
      const first = [...new Set(this.taken(lane))]
      return first.flatMap((later, at) =>
        first.slice(at + 1).flatMap((earlier) => {
          const isKeyed = later.letter.orderKey !== undefined
          const isSame = isKeyed && later.letter.orderKey === earlier.letter.orderKey
          return isSame && earlier.seq < later.seq ? [`${earlier.seq} after ${later.seq}`] : []
        }),
      )
    })
  }
}

const bodyBytesMax = 5
const isLarge = ({ body }: Letter): boolean => body.length > bodyBytesMax
const isPoison = ({ properties }: Letter): boolean => properties[0] === 1

const stepName: fc.Arbitrary<StepName> = fc.oneof(
  ...Object.entries(weights).map(([name, weight]) => ({
    weight,
    arbitrary: fc.constant(name as StepName),
  })),
)

const plans = (fixed: Partial<Plan>): fc.Arbitrary<Plan> =>
  fc.record({
    refusals: fc.constant(fixed.refusals ?? "never"),
    mayRefuse: fc.constant(fixed.mayRefuse ?? false),
    returnsMax: fc.constant(fixed.returnsMax ?? Number.POSITIVE_INFINITY),
    without: fc.constant(fixed.without ?? []),
    mute: fc.constant(fixed.mute),
    steps: fc.array(fc.tuple(stepName, fc.nat(10_000)), {
      minLength: 20,
      maxLength: 300,
      size: "max",
    }),
  })

function holds(fixed: Partial<Plan>, check: (run: Run, plan: Plan) => void, numRuns = 1000): void {
  fc.assert(
    fc.property(plans(fixed), (plan) => check(new Run(plan), plan)),
    { seed, numRuns, includeErrorInReport: true },
  )
}

const modes: readonly (readonly [name: string, fixed: Partial<Plan>])[] = [
  ["loses channels and queues", {}],
  ["refuses probes", { refusals: "probes" }],
  ["refuses anything", { refusals: "any" }],
  ["refuses anything of lanes that know it", { refusals: "any", mayRefuse: true }],
  ["keeps queues missing", { refusals: "any", returnsMax: 3 }],
]

describe("whatever happens, each parcel settles once and truthfully", () => {
  for (const [name, fixed] of modes) {
    test(`over a broker that ${name}`, () => {
      holds(fixed, (run, plan) => {
        everyParcelSettlesOnce(run)
        whatIsConfirmedIsInItsQueue(run)
        nothingWantedIsLost(run, plan)
        failuresFitTheWire(run, plan)
        whatIsSaidToBeMissingIs(run)
        for (const lane of run.lanes) {
          expect(counters(lane.options.stats)).toEqual(counters(run.broker.watch.expected(lane)))
          expect(lane.options.stats.inFlight).toBe(0)
        }
      })
    })
  }
})

const counters = ({ inFlight, lanes, ...rest }: GroupStats) => rest

function everyParcelSettlesOnce(run: Run): void {
  expect(run.results.size).toBe(run.parcels.length)
  expect(run.lanes.map(({ size }) => size)).toEqual([0, 0])
  expect(run.broker.outbox.unconfirmed).toBe(0)
}

function whatIsConfirmedIsInItsQueue(run: Run): void {
  const confirmed = run.parcels.filter((each) => run.results.get(each) === "confirmed")
  const stray = confirmed.filter((each) => !run.taken(each.lane).includes(each))
  expect(stray.map(({ seq }) => seq)).toEqual([])
}

function nothingWantedIsLost(run: Run, { returnsMax }: Plan): void {
  for (const parcel of run.parcels) {
    if (!parcel.letter.persistent || run.broker.watch.abandoned.has(parcel)) continue
    const result = run.results.get(parcel)
    if (isLarge(parcel.letter)) expect(["tooLarge", "returned"]).toContain(result!)
    else if (isPoison(parcel.letter)) expect(["unacceptable", "returned"]).toContain(result!)
    else if (returnsMax === Number.POSITIVE_INFINITY) expect(result).toBe("confirmed")
    else expect(["confirmed", "returned"]).toContain(result!)
  }
}

function failuresFitTheWire(run: Run, { returnsMax }: Plan): void {
  for (const [parcel, result] of run.results) {
    const sends = run.broker.watch.sendsOf(parcel)
    // What waits is given up with what was returned, and only then.
    if (result === "returned" && sends === 0) {
      expect(run.broker.watch.expected(parcel.lane).returned).toBeGreaterThanOrEqual(returnsMax)
    } else if (result === "unsent") expect(sends).toBe(0)
    else if (result === "tooLarge") expect(isLarge(parcel.letter)).toBe(true)
    else if (result === "unacceptable") {
      expect(run.broker.watch.strikesOf(parcel)).toBe(bounds.strikesMax)
    } else expect(sends).toBeGreaterThan(0)
    if (result === "lost") expect(!parcel.letter.persistent || parcel.abandoned).toBe(true)
  }
}

/** Whoever is told so may send it again without making two of it. */
function whatIsSaidToBeMissingIs(run: Run): void {
  const missing = [...run.results].filter(([parcel, result]) => {
    const isMissing = result === "returned" || result === "refused" || result === "unsent"
    return isMissing && !parcel.letter.persistent
  })
  const kept = missing.filter(([parcel]) => run.kept(parcel.lane).includes(parcel))
  expect(kept.map(([{ seq }, result]) => `${seq}: ${result}`)).toEqual([])
}

test("a lane that is added to an open outbox is open at once", () => {
  const broker = new SimulatedBroker()
  broker.open()
  const backoff = { firstMs: 10, maxMs: 100 }
  const options = { queue: "q", mayRefuse: false, returnsMax: 1, backoff, random: () => 0 }
  const lane = broker.outbox.addLane({ ...options, stats: groupStats() })
  const [properties, body] = [new Uint8Array(2), new Uint8Array(0)]
  lane.offer({ properties, body, orderKey: "k", persistent: true, settled: () => {} })
  expect(broker.outbox.unconfirmed).toBe(1)
})

test("some of these runs keep lanes without answers apart, give up channels, and gather", () => {
  let [muted, given, gathered] = [0, 0, 0]
  holds({}, ({ broker }) => {
    muted += broker.watch.muted
    given += broker.given
    gathered += broker.gathered
  })
  expect([muted > 0, given > 0, gathered > 0]).toEqual([true, true, true])
})

describe("a queue that never answers", () => {
  for (const mute of [0, 1]) {
    test(`holds up no other for long, its lane the ${mute === 0 ? "first" : "second"}`, () => {
      holds({ mute, refusals: "any" }, (run) => {
        // Some three looks are a confirm timeout.
        expect(run.looks).toBeLessThan(15)
        expect(run.lanes[1 - mute]!.size).toBe(0)
      })
    })
  }
})

describe("while the broker is being sent something all the time", () => {
  const timeoutMs = 30_000

  /** Looks once a second, for so long; in each `happens` comes before. */
  function looked(outbox: Outbox, seconds: number, isTaking: boolean, happens = () => {}) {
    let isDead = false
    for (let n = 0; n < seconds; n++) {
      happens()
      nowMs += 1_000
      isDead ||= outbox.checkAnswers(nowMs, timeoutMs, isTaking).isDead
    }
    return { isDead, mute: outbox.mute }
  }
  let nowMs = 0
  let tag = 0

  function opened() {
    ;[nowMs, tag] = [0, 0]
    const outbox = new Outbox({ publish: () => tag++, backOff: () => {}, gather: () => {} })
    outbox.opened()
    const offerTo = (queue: string) => {
      const rules = { mayRefuse: false, returnsMax: 1, backoff: { firstMs: 1, maxMs: 1 } }
      const stats = groupStats()
      const lane = outbox.addLane({ queue, ...rules, random: () => 0, stats })
      const [properties, body] = [new Uint8Array(2), new Uint8Array(0)]
      const letter = { properties, body, orderKey: "k", persistent: true, settled: () => {} }
      return () => lane.offer(letter)
    }
    return { outbox, offerTo }
  }

  test("a queue that does not answer is kept apart as soon as ever, if others do", () => {
    const { outbox, offerTo } = opened()
    offerTo("mute")()
    const offer = offerTo("other")
    // Every few seconds, as where what is sent is large, too.
    const answered = () => {
      if (nowMs % 4_000 > 0) return
      offer()
      outbox.confirmed(tag, false)
    }
    expect(looked(outbox, 29, true, answered)).toEqual({ isDead: false, mute: [] })
    expect(looked(outbox, 5, true, answered)).toEqual({ isDead: false, mute: ["mute"] })
  })

  test("it may take any time over that, if it answers nothing, and has its time afterwards", () => {
    const { outbox, offerTo } = opened()
    offerTo("large")()
    expect(looked(outbox, 100, true)).toEqual({ isDead: false, mute: [] })
    expect(looked(outbox, 20, false)).toEqual({ isDead: false, mute: [] })
    expect(looked(outbox, 15, false).isDead).toBe(true)
  })
})

describe("order within a key", () => {
  test("survives lost channels, missing queues and refused probes", () => {
    holds({ refusals: "probes", without: ["restore"] }, (run) => {
      expect(run.inversions()).toEqual([])
      expect(run.lanes.map(({ options }) => options.stats.orderViolations)).toEqual([0, 0])
    })
  })

  test("survives any refusal where lanes know that their queue may refuse", () => {
    holds({ refusals: "any", mayRefuse: true, without: ["restore"] }, (run) => {
      expect(run.inversions()).toEqual([])
      expect(run.lanes.map(({ options }) => options.stats.orderViolations)).toEqual([0, 0])
    })
  })

  /** Answers are lost with their channel, and wishes with what their owner gave up. */
  const told: readonly StepName[] = ["lose", "offend", "abandon", "look"]
  const countedIn = (run: Run) =>
    run.lanes.reduce((sum, lane) => sum + lane.options.stats.orderViolations, 0)

  test("is never lost without being counted, as long as the answers arrive", () => {
    let inverted = 0
    holds({ refusals: "any", without: [...told, "remove"] }, (run) => {
      const seen = run.inversions().length
      inverted += seen
      expect(countedIn(run) > 0).toBe(seen > 0)
      // A message may be refused, and overtaken, several times before it is taken.
      expect(countedIn(run)).toBeGreaterThanOrEqual(seen)
    })
    expect(inverted).toBeGreaterThan(0)
  })

  test("is counted as lost when somebody else declares a missing queue at the wrong moment", () => {
    let inverted = 0
    holds({ refusals: "any", without: told }, (run) => {
      const seen = run.inversions().length
      inverted += seen
      expect(countedIn(run)).toBeGreaterThanOrEqual(seen)
    })
    expect(inverted).toBeGreaterThan(0)
  })
})
