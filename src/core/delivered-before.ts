import { messageView } from "./message-view.ts"

/** What the broker says of a message that it delivers. */
interface Delivered {
  readonly properties: Uint8Array
  readonly redelivered: boolean
}

/** How often a message was delivered before, as far as its queue tells: classic ones say only whether. */
export function deliveredBefore({ properties, redelivered }: Delivered): number {
  if (!redelivered) return 0
  try {
    const count = messageView(properties, nothing).header("x-delivery-count")
    return typeof count === "number" && count > 0 ? count : 1
  } catch {
    return 1
  }
}

const nothing = new Uint8Array(0)
