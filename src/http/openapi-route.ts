import * as v from "valibot"
import { jsonResponse } from "./json-response.ts"
import { openApi } from "./openapi.ts"
import type { Route } from "./route.ts"

/** `GET /openapi.json`: describes the routes given, and itself. */
export function openApiRoute(others: readonly Route[]): Route {
  const route: Route = {
    method: "GET",
    path: "/openapi.json",
    operation: {
      id: "openApi",
      summary: "This interface, as OpenAPI 3.1",
      successes: [
        {
          status: 200,
          description: "The document",
          mediaType: "application/json",
          schema: v.record(v.string(), v.unknown()),
        },
      ],
      problems: [],
    },
    serve: () => jsonResponse(document),
  }
  const document = openApi([...others, route])
  return route
}
