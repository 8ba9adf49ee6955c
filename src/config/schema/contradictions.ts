import * as v from "valibot"

/** A field that does not go with others of its section, and what would. */
export interface Contradiction {
  readonly path: readonly string[]
  readonly found: unknown
  readonly allowed: string
}

/** A check over several fields of one section; it is made once each of them is right by itself. */
export function contradictions<Section extends object>(
  find: (section: Section) => readonly Contradiction[],
) {
  return v.rawCheck<Section>(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const { path, found, allowed } of find(dataset.value)) {
      const [first, ...rest] = path.map((key) => pathItem(key, found))
      if (first === undefined) throw new Error("a contradiction has to name a field")
      addIssue({ message: allowed, input: found, path: [first, ...rest] })
    }
  })
}

function pathItem(key: string, value: unknown): v.ObjectPathItem {
  return { type: "object", origin: "value", input: {}, key, value }
}
