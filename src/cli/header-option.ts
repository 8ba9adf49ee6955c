import { InvalidArgumentError } from "commander"

/** Collects `--header name=value` options, in the order given. */
export function headerOption(
  text: string,
  earlier: readonly (readonly [string, string])[],
): (readonly [name: string, value: string])[] {
  const at = text.indexOf("=")
  if (at <= 0) throw new InvalidArgumentError("It has to be name=value.")
  return [...earlier, [text.slice(0, at), text.slice(at + 1)]]
}
