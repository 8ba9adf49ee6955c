import { bounds, definePartitioner, type Partition, slotOf, xxHash32 } from "partymq"
import * as v from "valibot"

const slotBits = 18
const slots = 2 ** slotBits

/**
 * A hash ring with virtual nodes and bounded loads.
 *
 * A plain ring with 128 virtual nodes gives the largest of 64 partitions about 28 % more than its
 * share. So the circle is cut into 2^18 slots, each partition gets a quota of them (its weight's
 * share, by largest remainder), and a slot goes to the first partition clockwise that has quota
 * left. That is consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2016) with
 * the bound at exactly 1: shares are equal to one slot. The price is in moves: of the keys that
 * have to move when a partition is added, 1.1 times as many do at 8 partitions, 1.6 times at 64 and
 * 2.3 times at 256, where a plain ring is near 1. More virtual nodes lower that (1.4 times at 64
 * with 512).
 *
 * To reproduce it elsewhere: partition p has `max(1, round(virtualNodes * weight))` points, the
 * xxHash32 (seed 0) of `{id}:{n}` in UTF-8, n from 0; points are sorted by hash, then index. Slot s
 * starts at hash s * 2^14. Slots choose in bit-reversed order (0, 2^17, 2^16, ...), so that no
 * region of the circle is served last. A key's slot is the upper 18 bits of its xxHash32.
 *
 * Cost: `create` sorts the points and walks once over points and slots (20 ms at 64 partitions); a
 * look-up is one hash and one array access; 512 KiB.
 */
export default definePartitioner({
  name: "consistent-hash",
  options: v.strictObject({
    /** Points of a partition of weight 1; with fewer than 128, more keys move than promised. */
    virtualNodes: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_536)),
      128,
    ),
  }),
  guarantees: {
    deterministic: true,
    balanced: true,
    movement: "low",
    weighted: true,
    upToPartitions: 128,
  },
  create: ({ virtualNodes }, partitions) => {
    const table = assigned(ring(partitions, virtualNodes), quotas(partitions))
    return (key) => table[slotOf(key, slotBits)]!
  },
})

interface Ring {
  readonly hashes: Uint32Array
  /** The partition of each point. */
  readonly owners: Uint16Array
}

function ring(partitions: readonly Partition[], virtualNodes: number): Ring {
  const counts = partitions.map(({ weight }) => Math.max(1, Math.round(virtualNodes * weight)))
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total > bounds.ringPointsMax) {
    throw new RangeError(
      `virtualNodes ${virtualNodes} times the weights makes a ring of ${total} points; ` +
        `at most ${bounds.ringPointsMax} are allowed`,
    )
  }
  const encoder = new TextEncoder()
  // Hash and owner in one number (32 and 16 bits), so that the engine's numeric sort does it all.
  const points = new Float64Array(total)
  let at = 0
  for (const { id, index } of partitions) {
    for (let node = 0; node < counts[index]!; node++) {
      points[at++] = xxHash32(encoder.encode(`${id}:${node}`)) * 65_536 + index
    }
  }
  points.sort()
  return {
    hashes: Uint32Array.from(points, (point) => Math.floor(point / 65_536)),
    owners: Uint16Array.from(points, (point) => point % 65_536),
  }
}

/** Slots of each partition: its share rounded down, what is left over to the largest remainders. */
function quotas(partitions: readonly Partition[]): Int32Array {
  const weights = partitions.reduce((sum, { weight }) => sum + weight, 0)
  const shares = partitions.map(({ weight }) => (slots * weight) / weights)
  const quota = Int32Array.from(shares, Math.floor)
  const left = slots - quota.reduce((sum, share) => sum + share, 0)
  const byRemainder = partitions
    .map(({ index }) => index)
    .sort((a, b) => shares[b]! - quota[b]! - (shares[a]! - quota[a]!) || a - b)
  for (const index of byRemainder.slice(0, left)) quota[index]!++
  return quota
}

/** Gives each slot its partition; uses up `quota`. */
function assigned({ hashes, owners }: Ring, quota: Int32Array): Uint16Array {
  const count = hashes.length
  const first = new Int32Array(slots)
  for (let slot = 0, point = 0; slot < slots; slot++) {
    while (point < count && hashes[point]! < slot * 2 ** (32 - slotBits)) point++
    first[slot] = point % count
  }
  // Where to look on from a point: itself, until its partition is full. A union-find forest.
  const onwards = Int32Array.from({ length: count }, (_, point) => point)
  const open = (from: number): number => {
    let point = from
    while (onwards[point] !== point) {
      onwards[point] = onwards[onwards[point]!]!
      point = onwards[point]!
    }
    return point
  }
  const table = new Uint16Array(slots)
  for (let turn = 0; turn < slots; turn++) {
    const slot = bitReversed(turn)
    let point = open(first[slot]!)
    while (quota[owners[point]!] === 0) {
      onwards[point] = (point + 1) % count
      point = open(point)
    }
    const owner = owners[point]!
    quota[owner]!--
    table[slot] = owner
  }
  return table
}

function bitReversed(value: number): number {
  let reversed = 0
  for (let bit = 0; bit < slotBits; bit++) reversed = (reversed << 1) | ((value >>> bit) & 1)
  return reversed
}
