import { expect, test } from "bun:test"
import { ResponseReader } from "../../bench/programs/response-reader.ts"

const responses = [
  'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{"a":"0"',
  'HTTP/1.1 207 Multi-Status\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"b"\r\na\r\n:"10chars"\r\n0\r\n\r\n',
  "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
].join("")

test("the load over HTTP finds the ends of responses however their bytes are cut", () => {
  for (let size = 1; size <= responses.length; size++) {
    const found: number[] = []
    const reader = new ResponseReader((status) => found.push(status))
    const bytes = new TextEncoder().encode(responses)
    for (let at = 0; at < bytes.length; at += size) reader.read(bytes.subarray(at, at + size))
    expect(found).toEqual([202, 207, 503])
  }
})
