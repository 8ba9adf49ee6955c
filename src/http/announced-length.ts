/** In bytes; 0 where nothing is announced. The same length sent twice comes as `5, 5`, and is one. */
export function announcedLength(headers: Headers): number {
  const [length = ""] = (headers.get("content-length") ?? "").split(",", 1)
  return /^\d+$/.test(length) ? Number(length) : 0
}
