/** What a schema of valibot, or of any other library that follows Standard Schema 1, has to have. */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly validate: (value: unknown) => Validation<Output> | Promise<Validation<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

type Validation<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** A message is JSON but not of the form that its consumer expects. Trying again does not help. */
export class InvalidMessage extends Error {
  override readonly name = "InvalidMessage"
  readonly code = "invalid_message"
  readonly retriable = false
  readonly issues: readonly SchemaIssue[]

  constructor(issues: readonly SchemaIssue[]) {
    super(issues.map(described).join("; "))
    this.issues = issues
  }
}

/** @throws {InvalidMessage} when the value is not of that form */
export function validated<Output>(schema: StandardSchema<Output>, value: unknown): Output {
  const result = schema["~standard"].validate(value)
  if (result instanceof Promise) throw new TypeError("the schema is asynchronous")
  if (result.issues !== undefined) throw new InvalidMessage(result.issues)
  return result.value
}

function described({ path = [], message }: SchemaIssue): string {
  const keys = path.map((part) => String(typeof part === "object" ? part.key : part))
  return keys.length === 0 ? message : `${keys.join(".")}: ${message}`
}
