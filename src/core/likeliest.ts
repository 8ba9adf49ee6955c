import type { Content, Parcel } from "./parcel.ts"

/**
 * Which of the parcels a return is about: the first that is alike, not taken for one before,
 * in the order of sending. The body decides where a broker has written the headers anew.
 */
export function likeliest(content: Content, inFlight: Iterable<Parcel>): Parcel | undefined {
  const alike = [...inFlight].filter(
    ({ missed, letter }) => !missed && Buffer.compare(letter.body, content.body) === 0,
  )
  const isSame = ({ letter }: Parcel) => Buffer.compare(letter.properties, content.properties) === 0
  return alike.find(isSame) ?? alike[0]
}
