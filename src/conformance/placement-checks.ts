import { keyBytes, type PartitionKey } from "../core/key.ts"
import { sampleKeys } from "../plugin/placement-fingerprint.ts"
import { type Check, ConformanceFailure } from "./check.ts"
import type { PartitionerSubject } from "./partitioner-subject.ts"

/** What holds for every partitioner: its range, its manners with the key, and its independence. */
export function placementChecks(subject: PartitionerSubject): Check[] {
  const always: Check[] = [
    { name: "puts every key into one of the partitions", run: () => staysInRange(subject) },
    { name: "does not write to the key", run: () => leavesKeyAlone(subject) },
  ]
  if (!subject.guarantees.deterministic) return always
  return [
    ...always,
    { name: "puts a key where another instance puts it", run: () => agreesWithItself(subject) },
    { name: "places a key whatever was placed before it", run: () => ignoresOrder(subject) },
    { name: "places by the key's bytes, not by its object", run: () => ignoresIdentity(subject) },
  ]
}

const counts = [1, 2, 3, 7, 16, 64, 100, 257]

function staysInRange({ create }: PartitionerSubject): void {
  for (const count of counts) {
    const partition = create(count)
    for (const key of edgeKeys()) {
      const placed = partition(key)
      if (!(Number.isInteger(placed) && placed >= 0 && placed < count)) {
        throw new ConformanceFailure(
          `key ${shown(key)} went to ${String(placed)}; with ${count} partitions ` +
            `it must be an integer from 0 to ${count - 1}`,
        )
      }
    }
  }
}

function leavesKeyAlone({ create }: PartitionerSubject): void {
  const partition = create(16)
  for (const key of edgeKeys()) {
    const before = Uint8Array.from(key)
    partition(key)
    if (!equal(before, key)) {
      throw new ConformanceFailure(`key ${shown(before)} was changed to ${shown(key)}`)
    }
  }
}

function agreesWithItself({ create }: PartitionerSubject): void {
  const [one, other] = [create(16), create(16)]
  for (const key of edgeKeys()) same(key, one(key), other(key), "another instance")
}

function ignoresOrder({ create }: PartitionerSubject): void {
  const partition = create(16)
  const keys = edgeKeys()
  const first = keys.map(partition)
  // Instances of other sizes in between: state shared by a whole module shows here.
  const other = create(7)
  for (const [at, key] of [...keys.entries()].reverse()) {
    other(key)
    same(key, first[at], partition(key), "the same instance in another order")
  }
}

function ignoresIdentity({ create }: PartitionerSubject): void {
  const partition = create(16)
  const reused = new Uint8Array(16) as PartitionKey
  for (const key of edgeKeys().filter(({ length }) => length === reused.length)) {
    reused.set(key)
    same(key, partition(keyBytes(Uint8Array.from(key))!), partition(reused), "a reused buffer")
  }
}

function same(key: Uint8Array, expected: unknown, found: unknown, where: string): void {
  if (expected === found) return
  throw new ConformanceFailure(
    `key ${shown(key)} went to ${String(expected)}, and to ${String(found)} in ${where}`,
  )
}

/**
 * Every length from 1 to 64, the longest allowed, bytes that are no UTF-8, and a sample of plain
 * ones.
 */
function edgeKeys(): PartitionKey[] {
  const byLength = Array.from({ length: 64 }, (_, length) => "k".repeat(length + 1))
  const texts = ["\0", "ключ", "🐇", "-1", "x".repeat(4096)]
  const numbered = Array.from({ length: 200 }, (_, n) => `customer-${String(n).padStart(7, "0")}`)
  const bytes = [Uint8Array.of(255), Uint8Array.of(0, 0, 0, 0), new Uint8Array(33).fill(0x80)]
  return [
    ...[...byLength, ...texts, ...numbered, ...bytes].map((value) => keyBytes(value)!),
    ...sampleKeys(),
  ]
}

const equal = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at])

const shown = (key: Uint8Array): string =>
  `0x${Array.from(key.subarray(0, 24), (byte) => byte.toString(16).padStart(2, "0")).join("")}`
