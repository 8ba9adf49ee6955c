import { getPath } from "hono/utils/url"

/**
 * The path of a request as routes are looked up by it. Without a `Host`, or with one that cannot be one,
 * its URL is the path and query alone, of which Hono would pass over the beginning.
 */
export const pathOf = (request: Request): string =>
  request.url.startsWith("/") ? getPath(new Request(`http://none${request.url}`)) : getPath(request)
