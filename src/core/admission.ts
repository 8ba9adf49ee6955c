/** A message's place among those in flight. */
export interface Place {
  /** Counts more bytes of this message; `false` when they do not fit, and then nothing is counted. */
  grow(bytes: number): boolean
  /** Gives everything back. Idempotent; nothing grows afterwards. */
  leave(): void
}

/** One budget of messages and bytes in flight: pure bookkeeping, nobody waits in it. */
export interface Admission {
  readonly messages: number
  readonly bytes: number
  /**
   * Takes a place, or `undefined` when there is none left or the announced bytes would not fit. They
   * are not counted yet: an announcement costs a client nothing, so it must not cost others anything.
   */
  enter(announcedBytes: number): Place | undefined
}

export function createAdmission(messagesMax: number, bytesMax: number): Admission {
  let messages = 0
  let bytes = 0

  function enter(announcedBytes: number): Place | undefined {
    if (messages >= messagesMax || bytes + announcedBytes > bytesMax) return undefined
    messages += 1
    let held = 0
    let left = false
    return {
      grow(more) {
        if (left || bytes + more > bytesMax) return false
        held += more
        bytes += more
        return true
      },
      leave() {
        if (left) return
        left = true
        messages -= 1
        bytes -= held
      },
    }
  }

  return {
    get messages() {
      return messages
    },
    get bytes() {
      return bytes
    },
    enter,
  }
}
