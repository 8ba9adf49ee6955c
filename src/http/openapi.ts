import { toJsonSchema } from "@valibot/to-json-schema"
import type { GenericSchema } from "valibot"
import packageJson from "../../package.json" with { type: "json" }
import type { Operation, Success } from "./operation.ts"
import { type ProblemCode, problemCatalogue } from "./problem-catalogue.ts"
import type { Route } from "./route.ts"
import { problemSchema } from "./schemas.ts"

/** An OpenAPI 3.1 document of these routes; what it says of them they say themselves. */
export function openApi(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const { method, path, operation } of routes) {
    const template = path.replaceAll(/:(\w+)/g, "{$1}")
    const item = { [method.toLowerCase()]: operationObject(path, operation) }
    paths[template] = { ...paths[template], ...item }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "PartyMQ",
      version: packageJson.version,
      description: packageJson.description,
      license: { name: packageJson.license, identifier: packageJson.license },
    },
    paths,
    components: { schemas: { Problem: jsonSchema(problemSchema) } },
  }
}

function operationObject(path: string, operation: Operation): object {
  const { id, summary, description, bodies, successes } = operation
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: [
      ...pathParameters(path),
      ...queryParameters(operation),
      ...headerParameters(operation),
    ],
    ...(bodies === undefined ? {} : { requestBody: requestBody(bodies) }),
    responses: {
      ...Object.fromEntries(successes.map(successResponse)),
      ...problemResponses([...operation.problems, "internal_error"]),
    },
  }
}

const requestBody = (mediaTypes: readonly string[]): object => ({
  content: Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, {}])),
})

const successResponse = ({ status, description, mediaType, schema }: Success): [number, object] => [
  status,
  { description, content: { [mediaType]: { schema: jsonSchema(schema) } } },
]

const pathParameters = (path: string): object[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }))

const queryParameters = ({ query = [] }: Operation): object[] =>
  query.map(({ name, description, isRequired }) => ({
    ...{ name, in: "query", description, required: isRequired },
    schema: { type: "string" },
  }))

const headerParameters = ({ requestHeaders = [] }: Operation): object[] =>
  requestHeaders.map(({ name, description }) => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  }))

/** One response per status; its description lists the codes, because a client decides by those. */
function problemResponses(codes: readonly ProblemCode[]): Record<string, object> {
  const statuses = [...new Set(codes.map((code) => problemCatalogue[code].status))].sort()
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: codes
          .filter((code) => problemCatalogue[code].status === status)
          .map((code) => `\`${code}\`: ${problemCatalogue[code].title}`)
          .join("; "),
        ...(status === 429 || status === 503 ? { headers: { "Retry-After": retryAfter } } : {}),
        content: {
          "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
        },
      },
    ]),
  )
}

const retryAfter = { description: "Seconds to wait", schema: { type: "integer", minimum: 1 } }

function jsonSchema(schema: GenericSchema): object {
  const { $schema: _dialect, ...body } = toJsonSchema(schema, { errorMode: "throw" })
  return body
}
