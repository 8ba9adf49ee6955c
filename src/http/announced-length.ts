/**
 * In bytes, of a `Content-Length`; 0 where nothing is announced. The same length sent twice comes as
 * `5, 5`, and is one.
 */
export function announcedLength(contentLength: string | null | undefined): number {
  const [length = ""] = (contentLength ?? "").split(",", 1)
  return /^\d+$/.test(length) ? Number(length) : 0
}
