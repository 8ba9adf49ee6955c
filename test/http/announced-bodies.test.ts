import { describe, expect, test } from "bun:test"
import { createAdmission } from "../../src/core/admission.ts"
import { AnnouncedBodies } from "../../src/http/announced-bodies.ts"

/** A request whose body comes, or breaks off, when told to. */
function coming() {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>()
  return { request: { bytes: () => promise }, arrives: resolve, breaks: reject }
}

function reading(announcedBytes: number, timeoutMs = 60_000) {
  const stopping = new AbortController()
  const clock = { nowMs: 0 }
  const admission = createAdmission(1, 100, () => clock.nowMs)
  const place = admission.enter(announcedBytes)!
  const bodies = new AnnouncedBodies(timeoutMs, stopping.signal)
  const { request, ...body } = coming()
  const read = bodies.read(request, announcedBytes, place)
  return { ...body, stopping, clock, admission, place, bodies, read }
}

describe("an announced body", () => {
  test("is counted from the start, and is the message when it has arrived", async () => {
    const { read, admission, arrives } = reading(3)
    expect(admission.bytes).toBe(3)
    arrives(Uint8Array.of(1, 2, 3))
    expect(await read).toEqual({ kind: "body", body: Uint8Array.of(1, 2, 3) })
  })

  test("that breaks off, or is shorter than announced, is no message", async () => {
    const broken = reading(3)
    broken.breaks(new Error("gone"))
    expect(await broken.read).toEqual({ kind: "incomplete" })
    const short = reading(3)
    short.arrives(Uint8Array.of(1))
    expect(await short.read).toEqual({ kind: "incomplete" })
  })

  test("that does not come in time is no message, even if it comes later", async () => {
    const { read, arrives } = reading(3, 5)
    expect(await read).toEqual({ kind: "timeout" })
    arrives(Uint8Array.of(1, 2, 3))
    expect(await read).toEqual({ kind: "timeout" })
  })

  test("is refused where its bytes do not fit", async () => {
    const { bodies, admission, place } = reading(3)
    const { request } = coming()
    expect(await bodies.read(request, 98, place)).toEqual({ kind: "overloaded" })
    expect(admission.bytes).toBe(3)
  })

  test("that is not complete when a stop begins is no message, nor is one that comes after", async () => {
    const { read, stopping, bodies, place } = reading(3)
    stopping.abort()
    expect(await read).toEqual({ kind: "aborted" })
    expect(await bodies.read(coming().request, 3, place)).toEqual({ kind: "aborted" })
  })

  test("whose place went to another is no message", async () => {
    const { read, clock, admission } = reading(3)
    clock.nowMs = 60_000
    expect(admission.enter(1)).toBeDefined()
    expect(await read).toEqual({ kind: "timeout" })
    expect(admission.bytes).toBe(0)
  })

  test("that has arrived is not ended by anything that comes later", async () => {
    const { read, arrives, stopping, place } = reading(1)
    arrives(Uint8Array.of(7))
    await read
    stopping.abort()
    place.onEvicted()
    expect(await read).toEqual({ kind: "body", body: Uint8Array.of(7) })
  })
})
