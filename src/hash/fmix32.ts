/**
 * MurmurHash3's 32-bit finaliser: a bijection that spreads every input bit over all 32. For mixing
 * integers that are already at hand; it is no hash of bytes.
 *
 * Source: Austin Appleby, MurmurHash3 (`fmix32`).
 *
 * @returns an unsigned 32-bit integer
 */
export function fmix32(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
