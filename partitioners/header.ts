import { defineKeyExtractor } from "partymq"
import * as v from "valibot"

const name = v.pipe(v.string(), v.nonEmpty("a header's name, which is not empty"))

/**
 * The key is the value of a header, by name without regard to case; of several, the first that has
 * one.
 */
export default defineKeyExtractor({
  name: "header",
  options: v.strictObject({
    name: v.union(
      [name, v.pipe(v.array(name), v.minLength(1))],
      "a header's name, or a list of names of which the first present counts",
    ),
  }),
  create: (options) => {
    const names = typeof options.name === "string" ? [options.name] : options.name
    return (message) => {
      for (const each of names) {
        const key = message.headerKey(each)
        if (key !== undefined) return key
      }
      return undefined
    }
  },
})
