/** The query of a request, whatever its `Host` says: that need not be one that makes a URL. */
export function queryOf({ url }: Pick<Request, "url">): URLSearchParams {
  const at = url.indexOf("?")
  return new URLSearchParams(at < 0 ? "" : url.slice(at + 1))
}
