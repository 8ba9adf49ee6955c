import { expect, test } from "bun:test"
import { LeaseWatch } from "../../../src/core/consume/lease-watch.ts"

const times = { lastsMs: 1_000, askMs: 200, gapMs: 100 }
const begun = () => new LeaseWatch(times, 0)

test("a lease lasts from when the broker was asked, not from when it answered", () => {
  const watch = begun()
  for (let ms = 50; ms <= 1_000; ms += 50) {
    watch.turned(ms)
    expect(watch.takeQuestion(ms)).toBe(ms === 200)
    expect(watch.standing(ms)).toBe("certain")
  }
  watch.answered(1_000)
  for (let ms = 1_050; ms <= 1_200; ms += 50) watch.turned(ms)
  expect(watch.standing(1_200)).toBe("certain")
  expect([watch.standing(1_201), watch.silentMs(1_201)]).toEqual(["over", 1_001])
})

test("a lease that is over stays so, whatever is answered later", () => {
  const watch = begun()
  watch.turned(990)
  expect(watch.takeQuestion(990)).toBe(true)
  expect(watch.standing(1_001)).toBe("over")
  watch.answered(1_001)
  expect(watch.standing(1_001)).toBe("over")
  expect(watch.takeQuestion(1_500)).toBe(false)
})

test("after a gap nothing is certain before an answer, noticed by the clock or by a look", () => {
  for (const notice of ["turned", "standing"] as const) {
    const watch = begun()
    watch.turned(50)
    watch[notice](151)
    expect(watch.standing(151)).toBe("doubtful")
    watch.turned(160)
    expect(watch.standing(160)).toBe("doubtful")
    expect([watch.takeQuestion(160), watch.takeQuestion(161)]).toEqual([true, false])
    watch.answered(165)
    expect(watch.standing(165)).toBe("certain")
  }
})

test("an answer to a question of before the gap dispels nothing, and the next is due at once", () => {
  const watch = begun()
  watch.turned(200)
  watch.turned(201)
  expect(watch.takeQuestion(201)).toBe(true)
  watch.answered(202)
  for (let ms = 250; ms <= 450; ms += 50) watch.turned(ms)
  expect(watch.takeQuestion(450)).toBe(true)
  // It stands still until now, and this is what it reads first.
  watch.answered(700)
  expect(watch.standing(700)).toBe("doubtful")
  expect(watch.takeQuestion(700)).toBe(true)
  watch.answered(702)
  expect(watch.standing(702)).toBe("certain")
})

test("a second gap, before the answer of after the first one was read, takes another answer", () => {
  const watch = begun()
  expect(watch.standing(300)).toBe("doubtful")
  expect(watch.takeQuestion(300)).toBe(true)
  watch.answered(500)
  expect(watch.standing(500)).toBe("doubtful")
})

test("what is not answered may be asked again and proves nothing", () => {
  const watch = begun()
  watch.turned(150)
  expect(watch.takeQuestion(150)).toBe(true)
  watch.unanswered()
  expect(watch.standing(150)).toBe("doubtful")
  expect(watch.takeQuestion(151)).toBe(true)
})

test("a process of which every turn is a gap is in doubt for some turns only, and then as strict as before", () => {
  const watch = begun()
  let [nowMs, turns] = [0, 0]
  const turn = () => {
    nowMs += 350
    watch.turned(nowMs)
    // What was asked in the turn before is answered by now.
    watch.answered(nowMs)
    turns += 1
    return watch.standing(nowMs)
  }
  nowMs += 350
  expect(watch.standing(nowMs)).toBe("doubtful")
  do expect(watch.takeQuestion(nowMs)).toBe(true)
  while (turn() === "doubtful")
  expect(turns).toBe(3)
  expect(watch.standing(nowMs + times.gapMs + 1)).toBe("doubtful")
})

/**
 * A process with a socket, and a broker that answers at once until it gives the connection up. Each way
 * of going on is tried after each other, as deep as that goes.
 */
const acts = ["pass", "stall", "freeze", "cut", "look", "tickThenRead", "readThenTick"] as const
type Act = (typeof acts)[number]

interface World {
  readonly watch: LeaseWatch
  nowMs: number
  cutMs: number
  /** What the broker has sent and the process has not read. */
  readonly inbox: ("answer" | "end")[]
  hasHeardOfEnd: boolean
  /** When the process was certain longest after the connection was gone. */
  latestMs: number
  /** Answers that left it in doubt. */
  worthless: number
}

function look(world: World): void {
  if (world.hasHeardOfEnd) return
  const standing = world.watch.standing(world.nowMs)
  if (standing === "certain") world.latestMs = Math.max(world.latestMs, world.nowMs - world.cutMs)
  else if (standing === "doubtful") ask(world)
}

function ask(world: World): void {
  if (world.watch.takeQuestion(world.nowMs) && world.cutMs > world.nowMs) world.inbox.push("answer")
}

function tick(world: World): void {
  world.watch.turned(world.nowMs)
  ask(world)
}

function read(world: World): void {
  for (const each of world.inbox.splice(0)) {
    // A delivery may come before anything.
    look(world)
    if (each === "answer") {
      world.watch.answered(world.nowMs)
      if (world.watch.standing(world.nowMs) === "doubtful") world.worthless += 1
    }
    if (each === "end") world.hasHeardOfEnd = true
    look(world)
  }
}

function happen(world: World, act: Act): void {
  if (act === "pass") world.nowMs += 40
  else if (act === "stall") world.nowMs += 90
  else if (act === "freeze") world.nowMs += 130
  else if (act === "cut" && world.cutMs === Number.POSITIVE_INFINITY) {
    world.cutMs = world.nowMs
    world.inbox.push("end")
  } else if (act === "look") look(world)
  else if (act === "tickThenRead") {
    tick(world)
    read(world)
  } else if (act === "readThenTick") {
    read(world)
    tick(world)
  }
}

function after(path: readonly Act[]): World {
  const world: World = {
    ...{ watch: begun(), nowMs: 0, cutMs: Number.POSITIVE_INFINITY, inbox: [] },
    ...{ hasHeardOfEnd: false, latestMs: Number.NEGATIVE_INFINITY, worthless: 0 },
  }
  for (const act of path) happen(world, act)
  return world
}

function* paths(depth: number): Generator<readonly Act[]> {
  const choice = new Array<number>(depth).fill(0)
  for (;;) {
    yield choice.map((index) => acts[index]!)
    let at = depth - 1
    while (at >= 0 && choice[at] === acts.length - 1) choice[at--] = 0
    if (at < 0) return
    choice[at]! += 1
  }
}

test("whatever happens in whatever order, nothing is certain for longer than a gap is just then without a look at the socket", () => {
  let latestMs = 0
  let schedules = 0
  for (const path of paths(7)) {
    schedules += 1
    const world = after(path)
    latestMs = Math.max(latestMs, world.latestMs)
    if (world.latestMs > times.gapMs * 2 ** world.worthless)
      throw new Error(`${world.latestMs} ms: ${path.join(" ")}`)
    // With the broker there, it goes on after two turns of the event loop.
    if (world.cutMs < Number.POSITIVE_INFINITY) continue
    happen(world, "tickThenRead")
    happen(world, "tickThenRead")
    if (world.watch.standing(world.nowMs) === "doubtful")
      throw new Error(`stuck: ${path.join(" ")}`)
  }
  expect(schedules).toBe(acts.length ** 7)
  expect(latestMs).toBeGreaterThan(0)
})
