import { readFile, stat } from "node:fs/promises"

/**
 * The bytes of `--body`: `-` reads stdin, the name of a file that exists reads that, and anything
 * else is the body itself.
 */
export async function readBody(body: string | undefined): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array()
  if (body === "-") return Bun.stdin.bytes()
  const isFile = await stat(body).then(
    (found) => found.isFile(),
    () => false,
  )
  return isFile ? readFile(body) : new TextEncoder().encode(body)
}
