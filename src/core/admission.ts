import { bounds } from "./bounds.ts"

/** A message's place among those in flight. */
export interface Place {
  /** Counts more bytes of this message; `false` when they do not fit, and then nothing is counted. */
  grow(bytes: number): boolean
  /** The message is there as a whole: from now on nobody else gets its place. */
  complete(): void
  /** Called when somebody else got the place because the message took long to come. It has left. */
  onEvicted: () => void
  /** Gives everything back. Idempotent; nothing grows afterwards. */
  leave(): void
}

/**
 * One budget of messages and bytes in flight: pure bookkeeping, nobody waits in it. Where there is no
 * room left, messages that have been coming for long give way, the oldest first, so that clients
 * that send slowly, or never finish, cannot keep the others out.
 */
export interface Admission {
  readonly messages: number
  readonly bytes: number
  /**
   * Takes a place, or `undefined` when there is none left or the announced bytes would not fit. They
   * are not counted here: an announcement costs a client nothing, so a large one must not cost others
   * anything.
   */
  enter(announcedBytes: number): Place | undefined
}

/** @param now - in milliseconds */
export function createAdmission(
  messagesMax: number,
  bytesMax: number,
  now: () => number,
): Admission {
  let messages = 0
  let bytes = 0
  /** Those that are not complete, with the time they began; the oldest first. */
  const coming = new Map<Place, number>()

  function makeRoom(isRoom: () => boolean): boolean {
    for (const [place, sinceMs] of coming) {
      if (isRoom() || now() - sinceMs < bounds.httpBodyUndisturbedMs) break
      place.leave()
      place.onEvicted()
    }
    return isRoom()
  }

  function enter(announcedBytes: number): Place | undefined {
    const isRoom = () => messages < messagesMax && bytes + announcedBytes <= bytesMax
    if (announcedBytes > bytesMax || !makeRoom(isRoom)) return undefined
    messages += 1
    let held = 0
    let hasLeft = false
    const place: Place = {
      grow(more) {
        if (hasLeft || !makeRoom(() => bytes + more <= bytesMax) || hasLeft) return false
        held += more
        bytes += more
        return true
      },
      complete: () => void coming.delete(place),
      onEvicted: () => {},
      leave() {
        if (hasLeft) return
        hasLeft = true
        coming.delete(place)
        messages -= 1
        bytes -= held
      },
    }
    coming.set(place, now())
    return place
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
