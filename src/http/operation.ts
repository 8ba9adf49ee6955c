import type { GenericSchema } from "valibot"
import type { ProblemCode } from "./problem-catalogue.ts"

/** What a route documents; `openApi` makes the OpenAPI operation of it. */
export interface Operation {
  readonly id: string
  readonly summary: string
  readonly description?: string
  readonly requestHeaders?: readonly RequestHeader[]
  /** Parameters of the query. */
  readonly query?: readonly QueryParameter[]
  /** Media types of the request's body. */
  readonly bodies?: readonly string[]
  readonly successes: readonly Success[]
  /** All problems it can answer, but for `internal_error`, which every route can. */
  readonly problems: readonly ProblemCode[]
}

export interface RequestHeader {
  readonly name: string
  readonly description: string
}

export interface QueryParameter {
  readonly name: string
  readonly description: string
  readonly isRequired: boolean
}

export interface Success {
  readonly status: number
  readonly description: string
  readonly mediaType: string
  readonly schema: GenericSchema
}
