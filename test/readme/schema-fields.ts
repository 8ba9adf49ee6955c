import { configSchema } from "../../src/config/schema/config-schema.ts"

/** A field that a user may write, as the schema has it. */
export interface SchemaField {
  /** `topics.*.source.queue` */
  readonly path: string
  /** As the documentation has to show it. */
  readonly shownDefault: string
}

/** What is read of a valibot schema here; its own types hide the parts of a pipe. */
interface Schema {
  readonly kind: string
  readonly type: string
  readonly pipe?: readonly Schema[]
  readonly entries?: { readonly [name: string]: Schema }
  readonly value?: Schema
  readonly wrapped?: Schema
  readonly default?: unknown
}

/** Every field that has no fields of its own. The options of a plugin are not the schema's. */
export function schemaFields(): readonly SchemaField[] {
  return fieldsOf(configSchema as unknown as Schema, "")
}

function fieldsOf(schema: Schema, prefix: string): SchemaField[] {
  return Object.entries(structure(schema).entries ?? {}).flatMap(([name, entry]) => {
    const path = `${prefix}${name}`
    const isOptional = entry.type === "optional" || entry.type === "exact_optional"
    const inner = structure(isOptional ? entry.wrapped! : entry)
    const below =
      inner.type === "record"
        ? fieldsOf(inner.value!, `${path}.*.`)
        : inner.type === "loose_object"
          ? []
          : fieldsOf(inner, `${path}.`)
    const isSection = below.length > 0
    // `topics` has fields below it and has to be there: both are worth saying.
    const itself = isSection && isOptional ? [] : [{ path, shownDefault: shown(entry, isOptional) }]
    return [...itself, ...below]
  })
}

function shown(entry: Schema, isOptional: boolean): string {
  if (!isOptional) return "**required**"
  return entry.default === undefined ? "–" : JSON.stringify(entry.default)
}

/** The part of a pipe that says which fields there are, or the schema itself. */
function structure(schema: Schema): Schema {
  const parts = schema.pipe?.filter(({ kind }) => kind === "schema") ?? []
  const candidates = parts.map((part) => (part === schema ? part : structure(part)))
  const hasFields = ({ type, entries }: Schema) => type === "record" || entries !== undefined
  return candidates.find(hasFields) ?? schema
}
