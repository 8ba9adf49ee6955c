import { bounds } from "../bounds.ts"

/**
 * A key whose messages do not go to the handler but into a queue of their own:
 *
 * - *parked*: a message of it has failed for good. That one and all that follow are put there, in order,
 *   until somebody asks for it to be resumed.
 * - *resuming*: what is there is handled, from the front; what follows is still put behind it. Once it
 *   is empty for certain the key is *released*, and is none of these keys any more.
 */
export interface ParkedKey {
  /** In base64. */
  readonly key: string
  readonly partition: number
  readonly state: "parked" | "resuming"
  /** Of this stay, never of another: its queue is named after it. */
  readonly stay: number
  /** Grows with whatever happens to it, a new owner of its partition included. */
  readonly version: number
  /** ISO 8601. */
  readonly since: string
  readonly detail: string
}

export interface ParkedKeySet {
  /** Grows with every change. */
  readonly version: number
  readonly keys: ReadonlyMap<string, ParkedKey>
}

/** What is asked for. What does not fit the state that it meets changes nothing. */
export type ParkedKeyEvent =
  | {
      readonly kind: "park"
      readonly key: string
      readonly partition: number
      readonly since: string
      readonly detail: string
    }
  | { readonly kind: "resume"; readonly key: string }
  /** Nothing of it is left. Whoever asks names the version by which it knows that. */
  | { readonly kind: "release"; readonly key: string; readonly version: number }
  /** A partition has a new owner: no release that another asks for is heeded from now on. */
  | { readonly kind: "claim"; readonly partition: number }
  | { readonly kind: "mark" }

export const noParkedKeys: ParkedKeySet = { version: 0, keys: new Map() }

/** Pure: whoever reads the same events in the same order comes to the same keys. */
export function foldParkedKeys(set: ParkedKeySet, event: ParkedKeyEvent): ParkedKeySet {
  switch (event.kind) {
    case "park":
      return park(set, event)
    case "resume":
      return changed(set, event.key, ({ state }) => state === "parked", "resuming")
    case "release":
      return release(set, event.key, event.version)
    case "claim":
      return claim(set, event.partition)
    case "mark":
      return set
  }
}

function park(set: ParkedKeySet, event: ParkedKeyEvent & { kind: "park" }): ParkedKeySet {
  const { kind: _, ...asked } = event
  if (set.keys.has(asked.key)) {
    return changed(set, asked.key, ({ state }) => state === "resuming", "parked", asked)
  }
  if (set.keys.size >= bounds.parkedKeysMax) return set
  const version = set.version + 1
  return withKey({ version, keys: set.keys }, { ...asked, state: "parked", stay: version, version })
}

function changed(
  set: ParkedKeySet,
  key: string,
  when: (found: ParkedKey) => boolean,
  state: ParkedKey["state"],
  more: Partial<ParkedKey> = {},
): ParkedKeySet {
  const found = set.keys.get(key)
  if (found === undefined || !when(found)) return set
  const version = set.version + 1
  return withKey({ version, keys: set.keys }, { ...found, ...more, state, version })
}

function release(set: ParkedKeySet, key: string, version: number): ParkedKeySet {
  const found = set.keys.get(key)
  if (found?.state !== "resuming" || found.version !== version) return set
  const keys = new Map(set.keys)
  keys.delete(key)
  return { version: set.version + 1, keys }
}

function claim(set: ParkedKeySet, partition: number): ParkedKeySet {
  const version = set.version + 1
  const isOf = (each: ParkedKey) => each.partition === partition
  if (![...set.keys.values()].some(isOf)) return set
  const entries = [...set.keys].map(
    ([key, each]) => [key, isOf(each) ? { ...each, version } : each] as const,
  )
  return { version, keys: new Map(entries) }
}

const withKey = ({ version, keys }: ParkedKeySet, key: ParkedKey): ParkedKeySet => ({
  version,
  keys: new Map(keys).set(key.key, key),
})
