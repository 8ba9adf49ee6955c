import { createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import type { Pulled } from "../../broker/pull/group-pull.ts"
import type { Lease } from "../../core/pull/lease.ts"

/** Makes receipts of leases, and knows its own again. */
export interface Receipts {
  of(topic: string, group: string, lease: Lease<Pulled>): string
  /** The number of the lease; `undefined` for a receipt of another group or process, or of nobody. */
  read(topic: string, group: string, receipt: string): number | undefined
}

/**
 * A receipt says which lease it is of (topic, group, partition, delivery, number), signed with a secret
 * of the process: leases end with it, and so do receipts.
 */
export function createReceipts(secret: Uint8Array = randomBytes(32)): Receipts {
  const signature = (text: string): Buffer =>
    createHmac("sha256", secret).update(text).digest().subarray(0, signatureBytes)
  return {
    of(topic, group, { number, message: { partition, deliveryTag } }) {
      const text = JSON.stringify([topic, group, partition, deliveryTag, number])
      return `${Buffer.from(text).toString("base64url")}.${signature(text).toString("base64url")}`
    },
    read(topic, group, receipt) {
      const [encoded = "", signed = ""] = receipt.split(".", 2)
      const text = Buffer.from(encoded, "base64url").toString()
      const expected = signature(text)
      const given = Buffer.from(signed, "base64url")
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
      const [ofTopic, ofGroup, , , number] = JSON.parse(text) as [
        ...[topic: string, group: string, partition: number, delivery: number, number: number],
      ]
      return ofTopic === topic && ofGroup === group ? number : undefined
    },
  }
}

const signatureBytes = 16
