/** Unsigned big-endian integers, read without a view: one costs more than the reading. */

export const uint16At = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 8) | bytes[at + 1]!

export const uint32At = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0

/** Exact up to 2^53. */
export const uint64At = (bytes: Uint8Array, at: number): number =>
  uint32At(bytes, at) * 2 ** 32 + uint32At(bytes, at + 4)

export function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
