import { randomBytes } from "node:crypto"

const run = randomBytes(3).toString("hex")
let count = 0

/** A name that no other test has, nor an earlier run on the same broker. */
export function unique(prefix = "test"): string {
  count++
  return `${prefix}-${run}-${count}`
}
