import { InvalidArgumentError } from "commander"

/** Parses an option's value. @throws {InvalidArgumentError} for anything but a whole number >= min */
export const wholeNumber =
  (min: number) =>
  (text: string): number => {
    const number = Number(text)
    if (Number.isSafeInteger(number) && number >= min) return number
    throw new InvalidArgumentError(`It must be a whole number of at least ${min}.`)
  }
