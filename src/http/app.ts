import { Hono } from "hono"
import { clientRoutes } from "./clients.ts"
import type { HttpDeps } from "./deps.ts"
import { discardBody } from "./discard-body.ts"
import { groupRoutes } from "./groups.ts"
import { aliveRoute, readyRoute } from "./health.ts"
import { memberRoutes } from "./members.ts"
import { messagesRoute } from "./messages.ts"
import { metricsRoute } from "./metrics-route.ts"
import { openApiRoute } from "./openapi-route.ts"
import { parkedKeyRoutes } from "./parked-keys.ts"
import { pathOf } from "./path-of.ts"
import { problem, problemResponse } from "./problem.ts"
import { pullRoutes } from "./pull/pull-routes.ts"
import type { RequestMeter } from "./request-meters.ts"
import type { Route } from "./route.ts"
import { topicListRoute, topicRoute } from "./topics.ts"

/** The HTTP interface: every route, each measured, and problems for whatever matches none. */
export function createApp(deps: HttpDeps): Hono {
  const app = new Hono({ getPath: pathOf })
  const routes = createRoutes(deps)
  for (const route of routes) {
    const meter = deps.metrics.newRequestMeter(route.method, route.path)
    app.on(route.method, route.path, (c) =>
      measured(deps, meter, () => answer(deps, route, c.req.raw, c.req.param())),
    )
  }
  const unmatched = createUnmatched(deps, routes)
  app.notFound((c) => unmatched.fetch(c.req.raw))
  return app
}

/**
 * Answers what no route takes: a wrong method, or a path that is not there. An app of its own, because
 * where two patterns match Hono chains them, and every message would pay for that.
 */
function createUnmatched(deps: HttpDeps, routes: readonly Route[]): Hono {
  const { newRequestMeter } = deps.metrics
  const app = new Hono({ getPath: pathOf })
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).flatMap(allowed)
    const meter = newRequestMeter(other, path)
    app.all(path, (c) => measured(deps, meter, () => wrongMethod(c.req.method, methods)))
  }
  const elsewhere = newRequestMeter(other, other)
  app.notFound((c) => measured(deps, elsewhere, () => nothingAt(c.req.path)))
  return app
}

function createRoutes(deps: HttpDeps): readonly Route[] {
  const messages = messagesRoute(deps)
  const routes = [
    messages,
    topicListRoute(deps),
    topicRoute(deps),
    ...groupRoutes(deps),
    ...memberRoutes(deps),
    ...pullRoutes(deps, messages),
    ...clientRoutes(deps),
    ...parkedKeyRoutes(deps),
    aliveRoute(),
    readyRoute(deps),
    metricsRoute(deps),
  ]
  return [...routes, openApiRoute(routes)]
}

/** Label for what a client can make up without end: unknown paths and methods. */
const other = "other"

async function measured(
  { now }: HttpDeps,
  meter: RequestMeter,
  respond: () => Response | Promise<Response>,
): Promise<Response> {
  const startMs = now()
  const response = await respond()
  meter.observe(response.status, (now() - startMs) / 1000)
  return response
}

/** An error that gets this far is a fault of ours: the log has the fact, the client its number. */
async function answer(
  { log, stopping }: HttpDeps,
  route: Route,
  request: Request,
  parameters: Record<string, string>,
): Promise<Response> {
  try {
    const response = await route.serve(request, parameters)
    if (!response.ok) await discardBody(request, stopping)
    return response
  } catch (error) {
    const instance = `urn:uuid:${Bun.randomUUIDv7()}`
    const fact = error instanceof Error ? error.message : "something that is not an error"
    log.error({ code: "internal_error", instance, route: route.path }, `request failed: ${fact}`)
    const detail = "PartyMQ failed on this request; its log says more under this instance"
    return problemResponse(problem("internal_error", detail, { instance }))
  }
}

const allowed = ({ method }: Route): string[] => (method === "GET" ? ["GET", "HEAD"] : [method])

function wrongMethod(method: string, methods: readonly string[]): Response {
  const allow = methods.join(", ")
  const detail = `${method} is not possible here; allowed: ${allow}`
  return problemResponse(problem("method_not_allowed", detail), { headers: { allow } })
}

const nothingAt = (path: string): Response =>
  problemResponse(problem("not_found", `there is nothing at ${path.slice(0, 255)}`))
