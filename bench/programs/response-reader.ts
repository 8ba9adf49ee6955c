const emptyLine = "\r\n\r\n"
const lastChunk = "0\r\n\r\n"

/** Finds the ends of responses in the bytes of one connection. */
export class ResponseReader {
  readonly #onResponse: (status: number) => void
  #text = ""

  /** @param onResponse called once for each response that is there as a whole */
  constructor(onResponse: (status: number) => void) {
    this.#onResponse = onResponse
  }

  read(bytes: Uint8Array): void {
    // One byte is one character: what counts are lengths.
    this.#text += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")
    for (let end = this.#end(); end !== undefined; end = this.#end()) {
      const status = Number(this.#text.slice(9, 12))
      this.#text = this.#text.slice(end)
      this.#onResponse(status)
    }
  }

  #end(): number | undefined {
    const head = this.#text.indexOf(emptyLine)
    if (head === -1) return undefined
    const body = head + emptyLine.length
    const length = /^content-length: *(\d+)/im.exec(this.#text.slice(0, head))?.[1]
    if (length !== undefined) {
      const end = body + Number(length)
      return this.#text.length >= end ? end : undefined
    }
    // Chunked. A JSON text cannot hold the mark of the last chunk.
    const last = this.#text.indexOf(lastChunk, body)
    return last === -1 ? undefined : last + lastChunk.length
  }
}
