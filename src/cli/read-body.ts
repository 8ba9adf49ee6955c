import { readFile, stat } from "node:fs/promises"
import { UsageError } from "./usage-error.ts"

/** A mistyped name would else be published, to every group, in the place of what is in the file. */
const fileName = /^(~|\.{1,2})?\/\S*$|^[^\s"'{}[\]]+\.(json|txt|xml|bin)$/

/**
 * The bytes of `--body`: `-` reads stdin, the name of a file that exists reads that, and anything
 * else is the body itself.
 * @throws {UsageError} for what looks like the name of a file and is none
 */
export async function readBody(body: string | undefined): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array()
  if (body === "-") return Bun.stdin.bytes()
  const isFile = await stat(body).then(
    (found) => found.isFile(),
    () => false,
  )
  if (isFile) return readFile(body)
  if (!fileName.test(body)) return new TextEncoder().encode(body)
  throw new UsageError(
    `--body is ${JSON.stringify(body)}, and there is no such file; ` +
      "if that is the text itself, give it on standard input, with --body -",
  )
}
