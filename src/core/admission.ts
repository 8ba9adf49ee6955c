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
 * that send slowly, or never finish, cannot keep the others out. None gives way for nothing: where all
 * of them would not make room enough they stay, and so does one that has none of what lacks.
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

/** One that is not complete. */
interface Coming {
  readonly sinceMs: number
  /** Its bytes so far. */
  held: number
}

/** @param now - in milliseconds */
export function createAdmission(
  messagesMax: number,
  bytesMax: number,
  now: () => number,
): Admission {
  let messages = 0
  let bytes = 0
  /** Those that are not complete; the oldest first. */
  const coming = new Map<Place, Coming>()

  const isRoom = (moreMessages: number, moreBytes: number): boolean =>
    messages + moreMessages <= messagesMax && bytes + moreBytes <= bytesMax

  /** Whether there is room for more, if need be that of others. */
  function makeRoom(moreMessages: number, moreBytes: number, asking?: Place): boolean {
    if (isRoom(moreMessages, moreBytes)) return true
    for (const place of slowOnes(bytes + moreBytes - bytesMax, asking)) {
      place.leave()
      place.onEvicted()
    }
    return isRoom(moreMessages, moreBytes)
  }

  /** The oldest whose going makes the room that lacks; none where all of them are too few. */
  function slowOnes(bytesShort: number, asking: Place | undefined): readonly Place[] {
    const beganMs = now() - bounds.httpBodyUndisturbedMs
    const slow: Place[] = []
    let short = bytesShort
    for (const [place, { sinceMs, held }] of coming) {
      // One that would have to go itself is refused and stays: it may wait.
      if (sinceMs > beganMs || place === asking) break
      // One that holds no bytes makes no room for bytes.
      if (bytesShort > 0 && held === 0) continue
      slow.push(place)
      short -= held
      if (short <= 0) return slow
    }
    return []
  }

  function enter(announcedBytes: number): Place | undefined {
    if (announcedBytes > bytesMax || !makeRoom(1, announcedBytes)) return undefined
    messages += 1
    const begun: Coming = { sinceMs: now(), held: 0 }
    let hasLeft = false
    const place: Place = {
      grow(more) {
        if (hasLeft || !makeRoom(0, more, place)) return false
        begun.held += more
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
        bytes -= begun.held
      },
    }
    coming.set(place, begun)
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
