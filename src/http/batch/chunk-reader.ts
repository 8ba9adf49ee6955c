import { passingBytes } from "../../passing-bytes.ts"

/** Why a stream was not read to its end. */
export type Cut =
  /** Not a byte came for too long. */
  | "stalled"
  /** The process ends. */
  | "stopping"
  /** The client went away or broke off. */
  | "incomplete"
  /** What had arrived lost its place to others. */
  | "evicted"
  /** Its reader wants no more. */
  | "ended"

/** Parsing the lines leaves so many times their size to be collected. */
const garbageFactor = 4

interface Reader {
  read(): Promise<{ readonly value?: Uint8Array | undefined }>
  cancel(): Promise<void>
}

/** Reads a body piece by piece, as fast as its owner asks: what is not asked for stays unread. */
export class ChunkReader {
  readonly #reader: Reader | undefined
  readonly #stallMs: number
  readonly #stopping: AbortSignal
  readonly #client: AbortSignal
  readonly #onStop = () => this.end("stopping")
  readonly #onGone = () => this.end("incomplete")
  #cut: Cut | undefined

  /** @param client - aborted when the client has gone, which reading alone would tell too late */
  constructor(
    stream: ReadableStream<Uint8Array> | null,
    stallMs: number,
    stopping: AbortSignal,
    client: AbortSignal,
  ) {
    this.#reader = stream?.getReader()
    this.#stallMs = stallMs
    this.#stopping = stopping
    this.#client = client
    stopping.addEventListener("abort", this.#onStop)
    client.addEventListener("abort", this.#onGone)
    if (client.aborted) this.#onGone()
  }

  /** `undefined` when the stream was read to its end. */
  get cut(): Cut | undefined {
    return this.#cut
  }

  /** The next piece, or `undefined` at the end, however that came. */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#reader === undefined || this.#cut !== undefined) return undefined
    const timer = setTimeout(() => this.end("stalled"), this.#stallMs)
    try {
      const { value } = await this.#reader.read()
      // Cancelling ends the stream as if it were complete.
      if (this.#cut !== undefined) return undefined
      passingBytes.count((value?.length ?? 0) * garbageFactor)
      return value
    } catch {
      this.#cut ??= "incomplete"
      return undefined
    } finally {
      clearTimeout(timer)
    }
  }

  /** Reads nothing more. Idempotent: the first reason counts. */
  end(reason: Cut): void {
    if (this.#cut !== undefined) return
    this.#cut = reason
    this.#reader?.cancel().catch(() => {})
  }

  /** The stream is not needed any more. */
  close(): void {
    this.#stopping.removeEventListener("abort", this.#onStop)
    this.#client.removeEventListener("abort", this.#onGone)
  }
}
