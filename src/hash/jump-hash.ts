const MULTIPLIER_HIGH = 0x27bb2ee6
const MULTIPLIER_LOW = 0x87b0b0fd

/**
 * Jump consistent hash of a 64-bit key, given as two 32-bit halves. No memory, perfectly even, and
 * going from n to n + 1 buckets moves only the 1/(n + 1) of the keys that the new one takes. The
 * price: buckets can only be added and removed at the end, and they cannot be weighed.
 *
 * Source: Lamping & Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014. About
 * ln(buckets) steps, each a 64-bit linear congruential step in 32-bit arithmetic.
 *
 * @param buckets 1 to 2^31
 * @returns 0 to buckets - 1
 */
export function jumpHash(keyHigh: number, keyLow: number, buckets: number): number {
  let high = keyHigh
  let low = keyLow
  let bucket = 0
  let next = 0
  while (next < buckets) {
    bucket = next
    // key = key * multiplier + 1, modulo 2^64
    const nextLow = (Math.imul(low, MULTIPLIER_LOW) + 1) >>> 0
    const carry = nextLow === 0 ? 1 : 0
    high =
      (highProduct(low, MULTIPLIER_LOW) +
        Math.imul(low, MULTIPLIER_HIGH) +
        Math.imul(high, MULTIPLIER_LOW) +
        carry) >>>
      0
    low = nextLow
    next = Math.floor((bucket + 1) * (2 ** 31 / ((high >>> 1) + 1)))
  }
  return bucket
}

/** The upper 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const cross1 = aLow * bHigh
  const cross2 = aHigh * bLow
  const middle = ((aLow * bLow) >>> 16) + (cross1 & 0xffff) + (cross2 & 0xffff)
  return aHigh * bHigh + (cross1 >>> 16) + (cross2 >>> 16) + (middle >>> 16)
}
