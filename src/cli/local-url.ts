/** The URL under which this machine reaches a server that may listen on all of its addresses. */
export function localUrl(url: string): string {
  return url.replace(/\/\/(0\.0\.0\.0|\[::\]|localhost)(?=[:/]|$)/, "//127.0.0.1")
}
