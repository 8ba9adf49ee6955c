import { defineKeyExtractor, InvalidKey, keyBytes } from "partymq"
import * as v from "valibot"
import { parsePath } from "./jsonpath/parse-path.ts"
import { firstMatch, searchPath } from "./jsonpath/search.ts"
import { definiteSteps, walk } from "./jsonpath/walk.ts"

/**
 * The key is a value in a JSON body. A definite path (`$.customer.id`, `$.items[0]['the sku']`) is
 * walked; any other (`$..id`, `$.items[*].sku`) goes to jsonpath-plus, never evaluates anything,
 * and yields its first match in document order that is not null. Missing or null is no key; an
 * object or an array is an invalid one.
 */
export default defineKeyExtractor({
  name: "jsonpath",
  options: v.strictObject({ path: v.pipe(v.string(), v.rawTransform(compiled)) }),
  create: ({ path: { text, find } }) => {
    return (message) => {
      const value = find(message.json())
      if (value === undefined || value === null) return undefined
      try {
        return keyBytes(value)
      } catch (error) {
        if (error instanceof InvalidKey) throw new InvalidKey(`${text}: ${error.message}`)
        throw error
      }
    }
  },
})

interface CompiledPath {
  readonly text: string
  readonly find: (root: unknown) => unknown
}

function compiled({ dataset, addIssue, NEVER }: v.RawTransformContext<string>): CompiledPath {
  const text = dataset.value
  try {
    const segments = parsePath(text)
    const steps = definiteSteps(segments)
    if (steps !== undefined) return { text, find: (root) => walk(root, steps) }
    const path = searchPath(segments)
    return { text, find: (root) => firstMatch(root, path) }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    addIssue({
      message: error.message,
      expected: "a JSONPath without filter or script expressions",
    })
    return NEVER
  }
}
