import { fullGC } from "bun:jsc"
import { bounds } from "./core/bounds.ts"

/**
 * Counts the bytes of messages as they come in. They are garbage as soon as the message is settled,
 * and the runtime lets garbage grow to as much as what lives, and several times that where it has
 * survived a minor collection: hundreds of megabytes, with bodies of 20 MB. So a process that is
 * nothing but a router has it collected each time so many bytes have come in, which takes it some
 * milliseconds because little lives. A program that embeds a router may hold a lot, and then a collection
 * takes long: there it is left to the runtime.
 *
 * `Bun.gc` also gives memory back to the system, and throws away compiled code, which then costs as much
 * as what is collected: so it is for when bodies are so large that much is resident.
 */
export const passingBytes = { count, collectEvery }

let bytesMax = Number.POSITIVE_INFINITY
let counted = 0

function count(bytes: number): void {
  counted += bytes
  if (counted < bytesMax) return
  counted = 0
  if (process.memoryUsage.rss() < bounds.residentBytesUsual) fullGC()
  else Bun.gc(true)
}

function collectEvery(bytes: number): void {
  bytesMax = bytes
}
