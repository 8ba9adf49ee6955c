import type { Operation } from "./operation.ts"

/** One method of one path: what it does and what it says of itself in `/openapi.json`. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  /** Parameters as `:name`. */
  readonly path: string
  readonly operation: Operation
  /** `parameters` are percent-decoded. What it throws is answered as an internal error. */
  readonly serve: (
    request: Request,
    parameters: Readonly<Record<string, string>>,
  ) => Response | Promise<Response>
}
