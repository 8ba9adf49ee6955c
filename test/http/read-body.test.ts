import { expect, test } from "bun:test"
import fc from "fast-check"
import { type BodyBounds, readBody } from "../../src/http/read-body.ts"
import { until } from "../support/until.ts"

const roomy: BodyBounds = {
  bytesMax: 1_000_000,
  timeoutMs: 60_000,
  signal: new AbortController().signal,
  place: { grow: () => true, complete: () => {}, onEvicted: () => {} },
}

/** A body in these pieces, and what was done with it. */
function bodyOf(pieces: readonly Uint8Array[], end: "close" | "hang" | "break" = "close") {
  const seen = { pulled: 0, isCancelled: false }
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[seen.pulled]
        if (piece !== undefined) {
          seen.pulled += 1
          controller.enqueue(piece)
        } else if (end === "close") controller.close()
        else if (end === "break") controller.error(new Error("broken off"))
        else return new Promise(() => {})
      },
      cancel() {
        seen.isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, seen }
}

const zeros = (...lengths: number[]) => lengths.map((length) => new Uint8Array(length))

test("no body is an empty message", async () => {
  expect(await readBody(null, roomy)).toEqual({ kind: "body", body: new Uint8Array(0) })
})

test("the pieces come out as one, whatever their sizes", async () => {
  const piece = fc.uint8Array({ maxLength: 6000 })
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
      const read = await readBody(bodyOf(pieces).stream, roomy)
      expect(read).toEqual({ kind: "body", body: new Uint8Array(Buffer.concat(pieces)) })
    }),
    { numRuns: 50 },
  )
})

test("exactly the limit is a body, one byte more is refused without reading on", async () => {
  const bounded = { ...roomy, bytesMax: 10 }
  expect(await readBody(bodyOf(zeros(6, 4)).stream, bounded)).toMatchObject({ kind: "body" })
  const { stream, seen } = bodyOf(zeros(6, 5, 1, 1))
  expect(await readBody(stream, bounded)).toEqual({ kind: "too_large" })
  expect(seen).toEqual({ pulled: 2, isCancelled: true })
})

test("bytes are counted as they are read, and refused when there is no room", async () => {
  const counted: number[] = []
  const grow = (bytes: number) => counted.push(bytes) < 3
  const { stream, seen } = bodyOf(zeros(1, 2, 3, 4))
  expect(await readBody(stream, { ...roomy, place: { ...roomy.place, grow } })).toEqual({
    kind: "overloaded",
  })
  expect(counted).toEqual([1, 2, 3])
  expect(seen.isCancelled).toBe(true)
})

test("a body that does not end in time is no message, though cancelling ends it", async () => {
  const { stream, seen } = bodyOf(zeros(5), "hang")
  expect(await readBody(stream, { ...roomy, timeoutMs: 20 })).toEqual({ kind: "timeout" })
  expect(seen.isCancelled).toBe(true)
})

test("a body that is not complete when the signal comes is no message", async () => {
  const { stream, seen } = bodyOf(zeros(5), "hang")
  const stopping = new AbortController()
  const read = readBody(stream, { ...roomy, signal: stopping.signal })
  await until(() => seen.pulled === 1, { what: "the first piece to be read" })
  stopping.abort()
  expect(await read).toEqual({ kind: "aborted" })
  expect(seen.isCancelled).toBe(true)
})

test("a body that breaks off is no message", async () => {
  expect(await readBody(bodyOf(zeros(5), "break").stream, roomy)).toEqual({ kind: "incomplete" })
})

test("a body whose place went to another is no message, and keeps nothing of it", async () => {
  const { stream, seen } = bodyOf(zeros(5), "hang")
  const place = { ...roomy.place }
  const read = readBody(stream, { ...roomy, place })
  await until(() => seen.pulled === 1, { what: "the first piece to be read" })
  place.onEvicted()
  expect(await read).toEqual({ kind: "timeout" })
  expect(seen.isCancelled).toBe(true)
})
