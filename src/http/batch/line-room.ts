import type { Admission, Place } from "../../core/admission.ts"
import { bounds } from "../../core/bounds.ts"

export interface LineRoomOptions {
  readonly admission: Admission
  /** What lines of batches may take of the places, all batches together. */
  readonly messagesMax: number
  readonly bytesMax: number
  readonly now: () => number
}

/**
 * Where lines of batches get their places among the messages in flight. Unlike single messages they
 * wait for one, and the batch with them, which is not read any further meanwhile. Those that wait are
 * served in turn, a line each, so that batches get on alike.
 */
export interface LineRoom {
  /** A place at once, or `undefined` when there is none or others wait. */
  tryEnter(bytes: number): Place | undefined
  /** A place in turn; `undefined` at that time, or once `isOver`. */
  enter(bytes: number, untilMs: number, isOver: () => boolean): Promise<Place | undefined>
}

export function createLineRoom(options: LineRoomOptions): LineRoom {
  const { admission, messagesMax, bytesMax, now } = options
  let messages = 0
  let held = 0
  let waiting = 0
  let turn: Promise<unknown> = Promise.resolve()
  let wake = () => {}

  function take(bytes: number): Place | undefined {
    // One that is larger than all that lines may take goes alone.
    const isRoom = messages < messagesMax && (messages === 0 || held + bytes <= bytesMax)
    const place = isRoom ? admission.enter(bytes) : undefined
    if (!place?.grow(bytes)) {
      place?.leave()
      return undefined
    }
    place.complete()
    messages += 1
    held += bytes
    let hasLeft = false
    return {
      ...place,
      leave() {
        if (hasLeft) return
        hasLeft = true
        place.leave()
        messages -= 1
        held -= bytes
        wake()
      },
    }
  }

  async function takeInTime(bytes: number, untilMs: number, isOver: () => boolean) {
    while (!isOver()) {
      const place = take(bytes)
      if (place !== undefined || now() >= untilMs) return place
      // Single messages leave without a word.
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, bounds.batchRecheckMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return undefined
  }

  return {
    tryEnter: (bytes) => (waiting === 0 ? take(bytes) : undefined),
    async enter(bytes, untilMs, isOver) {
      waiting += 1
      const mine = turn.then(() => takeInTime(bytes, untilMs, isOver))
      turn = mine
      try {
        return await mine
      } finally {
        waiting -= 1
      }
    },
  }
}
