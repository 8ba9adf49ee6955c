import type { GivenUp, Parcel, ParcelFailure } from "./parcel.ts"

interface Triage {
  readonly given: GivenUp[]
  readonly again: Parcel[]
  readonly overtaken: number
}

/**
 * What becomes of the parcels of a lane's round that were not confirmed, or not reliably, because of
 * a return.
 *
 * `overtaken` counts the pairs of one key of which the later was taken and the earlier was not: a
 * queue that somebody else deletes and declares again returns the one and takes the other.
 *
 * @param round in the lane's order; their marks are cleared
 * @param isHopeless the queue cannot be made: what was returned is given up
 */
export function triage(round: readonly Parcel[], isHopeless: boolean): Triage {
  const given: GivenUp[] = []
  const again: Parcel[] = []
  const overtaken = overtakenIn(round)
  for (const parcel of round) {
    // Confirmed, and it is not the one that came back, as far as can be told.
    if (parcel.suspect && !parcel.missed) parcel.maybeArrived = true
    if (parcel.abandoned) given.push([parcel, failureOfAbandoned(parcel)])
    else if (parcel.suspect && isHopeless) given.push([parcel, "returned"])
    else again.push(parcel)
    parcel.suspect = false
    parcel.missed = false
  }
  return { given, again, overtaken }
}

function failureOfAbandoned({ maybeArrived, suspect }: Parcel): ParcelFailure {
  if (maybeArrived) return "lost"
  return suspect ? "returned" : "refused"
}

function overtakenIn(round: readonly Parcel[]): number {
  const missed = new Map<string, number>()
  let count = 0
  for (const { suspect, missed: isMissed, letter } of round) {
    const key = letter.orderKey
    if (key === undefined) continue
    const before = missed.get(key) ?? 0
    if (isMissed) missed.set(key, before + 1)
    else if (suspect) count += before
  }
  return count
}
