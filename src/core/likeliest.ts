import type { Content, Parcel } from "./parcel.ts"

/**
 * Which of the parcels a return is about: the first that is alike, not taken for one before, in the
 * order of sending. The body decides where a broker has written the headers anew.
 */
export function likeliest(content: Content, inFlight: Iterable<Parcel>): Parcel | undefined {
  let second: Parcel | undefined
  for (const parcel of inFlight) {
    const { missed, letter } = parcel
    if (missed || Buffer.compare(letter.body, content.body) !== 0) continue
    if (Buffer.compare(letter.properties, content.properties) === 0) return parcel
    second ??= parcel
  }
  return second
}
