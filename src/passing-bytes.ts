import { fullGC } from "bun:jsc"

/**
 * Counts the bytes of messages as they come in. They are garbage as soon as the message is settled,
 * and the runtime lets garbage grow to as much as what lives, and several times that where it has
 * survived a minor collection: hundreds of megabytes, with bodies of 20 MB. So a process that is
 * nothing but a router has it collected each time so many bytes have come in, which takes it some
 * milliseconds because little lives. (`Bun.gc(true)` would throw away compiled code as well.) A program
 * that embeds a router may hold a lot, and then a collection takes long: there it is left to the runtime.
 */
export const passingBytes = { count, collectEvery }

let bytesMax = Number.POSITIVE_INFINITY
let counted = 0

function count(bytes: number): void {
  counted += bytes
  if (counted < bytesMax) return
  counted = 0
  fullGC()
}

function collectEvery(bytes: number): void {
  bytesMax = bytes
}
