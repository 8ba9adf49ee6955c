const unitMs: { readonly [unit: string]: number } = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}

const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y

/**
 * Milliseconds of a duration written as Go writes them (`30s`, `1m30s`, `1.5h`), rounded up to whole
 * ones; `undefined` for anything else, a negative one included.
 * Source of the notation: https://pkg.go.dev/time#ParseDuration
 */
export function goDurationMs(text: string): number | undefined {
  const digits = text.startsWith("+") ? text.slice(1) : text
  if (digits === "0") return 0
  let totalMs = 0
  part.lastIndex = 0
  while (part.lastIndex < digits.length) {
    const found = part.exec(digits)
    if (found === null) return undefined
    totalMs += Number(found[1]) * unitMs[found[2]!]!
  }
  return digits === "" ? undefined : Math.ceil(totalMs)
}
