import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { codeBlock, readPage } from "../readme/pages.ts"
import { closeConnection } from "../support/consumer-connections.ts"
import { management } from "../support/management.ts"
import { flawless } from "../support/order-oracle.ts"
import type { Program } from "../support/program.ts"
import { seeded } from "../support/seed.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { hasPika, PythonMembers } from "./python-members.ts"

if (!hasPika) console.warn("skipped: members in Python need pika (python3-pika) on this machine")

const vhost = withVhost()

test("the README shows the heart of the member in Python", async () => {
  const program = codeBlock(await readPage("docs/groups.md"), "member.py")
  const heart = codeBlock(await readPage("README.md"), "member.py")
  expect(program).toContain(`\n${heart}\n`)
  expect(heart.trimEnd().split("\n").length).toBeLessThanOrEqual(16)
})

describe.skipIf(!hasPika)("a member in Python", () => {
  let members: PythonMembers

  beforeEach(async () => {
    members = await PythonMembers.open(vhost)
  }, 60_000)
  afterEach(() => members.close())

  async function ends(program: Program): Promise<void> {
    program.signal("SIGTERM")
    expect(await program.ended()).toBe(0)
    expect(await members.listed(program)).toBeUndefined()
  }

  test(
    "leaves nothing behind whenever it is told to end, and others go on where it stopped",
    seeded(async (random) => {
      const staying = members.start()
      const flow = members.flow()
      for (let round = 0; round < 5; round++) {
        const coming = members.start()
        // The moment is what this is about: it boots, joins, subscribes, drains or handles.
        await Bun.sleep(random.integer(1_500))
        const isMember = (await members.listed(coming)) !== undefined
        const name = isMember ? random.pick(["SIGTERM", "SIGINT"] as const) : "SIGTERM"
        if (random.next() < 0.5) coming.signalAll(name)
        else coming.signal(name)
        if (isMember && random.next() < 0.5) coming.signal("SIGTERM")
        // Before the program's first lines Python ends by the signal.
        expect([0, ...(isMember ? [] : [null])]).toContain(await coming.ended())
        expect(await members.listed(coming)).toBeUndefined()
      }
      const last = members.start()
      await members.settled(staying, last)
      await ends(staying)
      await members.settled(last)
      await flow.end()
      expect(await members.verdict()).toEqual(flawless)
      await ends(last)
    }),
    180_000,
  )

  test("is gone when killed, subscribes again when cut off, and begins nothing when it was frozen", async () => {
    const [frozen, killed] = [members.start(), members.start()]
    await members.settled(frozen, killed)
    await members.publish(1)
    expect(await members.verdict()).toEqual(flawless)
    const frozenId = (await members.listed(frozen))!.memberId
    await isBetweenMessages(frozen)
    frozen.signalAll("SIGSTOP")
    const frozenMs = performance.now()
    killed.signal("SIGKILL")
    expect(await killed.ended()).toBeNull()
    const staying = members.start()
    await members.settled(staying)
    await cutOff((await members.listed(staying))!.memberId, 4)
    // Those of the frozen one's partitions are delivered to it: the broker does not know yet. There are
    // so many bytes of them that it has some before it learns that its connection is closed.
    await members.publish(25, "x".repeat(3_000))
    await until(() => performance.now() - frozenMs > 6_000, { what: "its lease to be over" })
    await cutOff(frozenId, 2)
    expect(await members.verdict()).toEqual(flawless)
    frozen.signalAll("SIGCONT")
    await members.settled(frozen, staying)
    await members.publish(1)
    expect(await members.verdict()).toEqual(flawless)
    await Promise.all([ends(staying), ends(frozen)])
  }, 120_000)

  test("begins nothing when it was frozen for a moment and cut off meanwhile", async () => {
    const member = members.start()
    await members.settled(member)
    const names = await connections((await members.listed(member))!.memberId, 4)
    await members.publish(1)
    expect(await members.verdict()).toEqual(flawless)
    await isBetweenMessages(member)
    member.signalAll("SIGSTOP")
    const frozenMs = performance.now()
    await members.publish(25, "x".repeat(3_000))
    await until(() => performance.now() - frozenMs > 1_000, { what: "a moment to pass" })
    await close(names)
    // What consumes wakes first: nobody tells it to end.
    member.signalOthers("SIGCONT")
    await until(() => performance.now() - frozenMs > 2_000, { what: "another moment to pass" })
    member.signal("SIGCONT")
    await members.settled(member)
    expect(await members.verdict()).toEqual(flawless)
    await ends(member)
  }, 120_000)

  /** What it has shown, it has acked as well: frozen in between, it would rightly be given that again. */
  const isBetweenMessages = (program: Program): Promise<void> => program.isIdle()

  /** Closes its connections to the broker. */
  async function cutOff(memberId: string, count: number): Promise<void> {
    await close(await connections(memberId, count))
  }

  async function close(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await closeConnection(name)
    }
  }

  /** One for each partition; it is known by its tag. */
  async function connections(memberId: string, count: number): Promise<readonly string[]> {
    type Consumer = { consumer_tag: string; channel_details: { connection_name?: string } }
    return until(
      async () => {
        const all = await management<Consumer[]>("GET", `/api/consumers/${vhost.name}`)
        const its = all.filter(({ consumer_tag }) => consumer_tag === memberId)
        // The name is known some seconds after the consumer.
        const known = its.flatMap(({ channel_details }) => channel_details.connection_name ?? [])
        return known.length === count ? known : undefined
      },
      { what: `${count} consumers of ${memberId}`, timeoutMs: 20_000, intervalMs: 100 },
    )
  }
})
