/** Finds the ends of responses in the bytes of one connection. */
export class ResponseReader {
  readonly #onResponse: (status: number) => void
  /** Of a response that is not there as a whole. */
  #begun: Buffer = nothing

  /** @param onResponse called once for each response that is there as a whole */
  constructor(onResponse: (status: number) => void) {
    this.#onResponse = onResponse
  }

  read(received: Uint8Array): void {
    const { buffer, byteOffset, length } = received
    const fresh = Buffer.from(buffer, byteOffset, length)
    const bytes = this.#begun.length === 0 ? fresh : Buffer.concat([this.#begun, fresh])
    let at = 0
    for (let end = responseEnd(bytes, at); end !== undefined; end = responseEnd(bytes, at)) {
      const status = Number(bytes.toString("latin1", at + statusAt, at + statusAt + 3))
      at = end
      this.#onResponse(status)
    }
    this.#begun = at === bytes.length ? nothing : Buffer.from(bytes.subarray(at))
  }
}

const nothing = Buffer.alloc(0)
const statusAt = "HTTP/1.1 ".length
const emptyLine = Buffer.from("\r\n\r\n")
const lastChunk = Buffer.from("0\r\n\r\n")

/** Where the response ends that begins at `at`; `undefined` when it is not there as a whole. */
function responseEnd(bytes: Buffer, at: number): number | undefined {
  const headEnd = bytes.indexOf(emptyLine, at)
  if (headEnd === -1) return undefined
  const bodyAt = headEnd + emptyLine.length
  const length = /^content-length: *(\d+)/im.exec(bytes.toString("latin1", at, headEnd))?.[1]
  if (length !== undefined) {
    const end = bodyAt + Number(length)
    return bytes.length >= end ? end : undefined
  }
  // Chunked. A JSON text cannot hold the mark of the last chunk.
  const last = bytes.indexOf(lastChunk, bodyAt)
  return last === -1 ? undefined : last + lastChunk.length
}
