import { bounds } from "../../core/bounds.ts"
import type { HttpDeps } from "../deps.ts"
import { problem, problemResponse } from "../problem.ts"
import { problemCatalogue } from "../problem-catalogue.ts"
import type { BatchAnswer } from "../schemas.ts"
import { ArrivingPlace } from "./arriving-place.ts"
import type { BatchFormat } from "./batch-format.ts"
import { BatchResults } from "./batch-results.ts"
import { BatchRun, type Stop } from "./batch-run.ts"
import { ChunkReader, type Cut } from "./chunk-reader.ts"
import type { LineRoom } from "./line-room.ts"
import { ResultText, type SharedBytes } from "./result-text.ts"
import type { Item, Splitter } from "./splitter.ts"

export interface BatchRequest {
  readonly topic: string
  readonly format: BatchFormat
  readonly body: ReadableStream<Uint8Array> | null
  /** Results of accepted lines are not wanted. */
  readonly isMinimal: boolean
  /** Aborted when the client has gone. */
  readonly client: AbortSignal
  /** Something was done for a client that has been neither read from nor answered for a while. */
  readonly progressed: () => void
}

/** What all batches share. */
export interface BatchShares {
  readonly room: LineRoom
  readonly resultBytes: SharedBytes
  /** Of lines that are there and wait to be published. */
  readonly waitingBytes: SharedBytes
  /** What they may be before others are kept from arriving. */
  readonly waitingBytesMax: number
}

/**
 * Publishes a batch while it arrives, and answers with the results of its lines.
 *
 * 1. The body is read a piece at a time; each line is published as soon as it is there.
 * 2. Where there is no room for a line, or no broker, nothing more is read until there is.
 * 3. Reading may end early; what was published until then gets its results all the same. Nothing more is
 *    published then, not even of what has arrived: a client that has gone may send it again.
 */
export async function publishBatch(
  deps: HttpDeps,
  shares: BatchShares,
  request: BatchRequest,
): Promise<Response> {
  const { topic, format, body, isMinimal, client, progressed } = request
  const { bodyBytesMax } = deps.router.config.http
  const text = new ResultText(shares.resultBytes)
  const results = new BatchResults(text, isMinimal)
  const reader = new ChunkReader(body, deps.bodyReadTimeoutMs, deps.stopping, client)
  const isOver = () => reader.cut !== undefined
  const run = new BatchRun({ deps, topic, format, room: shares.room, results, isOver })
  try {
    await readAll(deps, shares, reader, format.split(bodyBytesMax), run, progressed)
    await run.settled()
  } catch (error) {
    text.drop()
    throw error
  } finally {
    reader.close()
    run.close()
  }
  const stop = reader.cut === "ended" ? run.stop : stopOf(reader.cut)
  deps.metrics.batchLines.accepted += results.accepted
  deps.metrics.batchLines.failed += results.failed
  if (stop !== undefined && results.lines === 0) {
    return problemResponse(problem(stop.code, stop.detail), { headers: closing })
  }
  return answer(topic, results, text, stop && { ...stop, line: run.nextLine })
}

async function readAll(
  deps: HttpDeps,
  shares: BatchShares,
  reader: ChunkReader,
  splitter: Splitter,
  run: BatchRun,
  progressed: () => void,
): Promise<void> {
  const arriving = new ArrivingPlace(deps.admission, () => reader.end("evicted"))
  const takeAll = async (items: Iterable<Item>) => {
    for (const item of items) {
      arriving.leave()
      const taken = run.take(item)
      if (taken !== undefined) {
        await countedWhile(taken, shares.waitingBytes, item.kind === "text" ? item.text.length : 0)
        progressed()
      }
      if (run.stop !== undefined) reader.end("ended")
      if (reader.cut !== undefined) return
    }
  }
  for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) {
    await takeAll(splitter.split(chunk))
    if (await holdRest(deps, shares, reader, arriving, splitter.heldBytes)) progressed()
  }
  arriving.leave()
  if (reader.cut === undefined) await takeAll(splitter.end())
}

async function countedWhile(waiting: Promise<void>, shared: SharedBytes, bytes: number) {
  shared.used += bytes
  try {
    await waiting
  } finally {
    shared.used -= bytes
  }
}

/**
 * What is held of a line counts as in flight; where there is no room for it, it waits for some. So it does
 * for lines that are there and wait: with every batch that comes there may be one more of them, and each
 * may be as large as a body. Returns whether it had to wait.
 */
async function holdRest(
  { router, now }: HttpDeps,
  { waitingBytes, waitingBytesMax }: BatchShares,
  reader: ChunkReader,
  arriving: ArrivingPlace,
  bytes: number,
): Promise<boolean> {
  const mayArrive = () =>
    bytes === 0 || waitingBytes.used === 0 || waitingBytes.used + bytes <= waitingBytesMax
  const untilMs = now() + router.config.http.publishTimeoutMs
  let hasWaited = false
  while (reader.cut === undefined && !(mayArrive() && arriving.hold(bytes))) {
    hasWaited = true
    if (now() >= untilMs) reader.end("evicted")
    else await Bun.sleep(bounds.batchRecheckMs)
  }
  return hasWaited
}

function answer(
  topic: string,
  results: BatchResults,
  text: ResultText,
  stop: (Stop & { readonly line: number }) | undefined,
): Response {
  const { lines, accepted, failed, omitted } = results
  const counts: Omit<BatchAnswer, "results"> = {
    ...{ topic, lines, accepted, failed, omitted },
    ...(stop === undefined ? {} : { stopped: stopped(stop) }),
  }
  const head = `${JSON.stringify(counts).slice(0, -1)},"results":[`
  return new Response(text.body(head, "]}"), {
    status: failed === 0 && stop === undefined ? 202 : 207,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      ...(stop === undefined ? {} : closing),
    },
  })
}

const stopped = ({ code, detail, line }: Stop & { readonly line: number }) => {
  const { status, retriable } = problemCatalogue[code]
  return { line, status, code, detail, retriable }
}

/** The rest of such a body is not worth receiving. */
const closing = { connection: "close" }

function stopOf(cut: Cut | undefined): Stop | undefined {
  const rest = "the rest was not read"
  switch (cut) {
    case "stalled":
      return { code: "body_read_timeout", detail: `nothing arrived for too long; ${rest}` }
    case "evicted":
      return { code: "overloaded", detail: `there was no room for the line that came; ${rest}` }
    case "stopping":
      return { code: "shutting_down", detail: `PartyMQ is shutting down; ${rest}` }
    case "incomplete":
      return { code: "body_incomplete", detail: "the body ended before it was complete" }
    default:
      return undefined
  }
}
