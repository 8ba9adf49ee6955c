/** What is sent: fixed by these figures alone, so that every process makes the same messages. */
export interface Workload {
  readonly partitions: number
  readonly groups: number
  readonly queueType: "classic" | "quorum"
  /** Whether messages are to survive a restart of the broker (delivery mode 2). */
  readonly persistent: boolean
  /** Where the key is: in the header `partitionKey`, or only in the body at `$.customer.id`. */
  readonly keyFrom: "header" | "body"
  readonly spread: Spread
  readonly bodyBytes: number
  /** Sent first and not measured: connections are warm and the hot code is compiled after them. */
  readonly warmUp: number
  /** Measured. */
  readonly messages: number
}

/**
 * `even`: each of 1,024 keys in turn. `skewed`: at random, the n-th of them 1/n times as often as the
 * first, which gets every eighth message. `single`: all messages have one key.
 */
export type Spread = "even" | "skewed" | "single"

/** What all figures are compared by; the other cases differ from it in one thing each. */
export const baseWorkload: Workload = Object.freeze({
  partitions: 8,
  groups: 1,
  queueType: "classic",
  persistent: true,
  keyFrom: "header",
  spread: "even",
  bodyBytes: 300,
  warmUp: 5_000,
  messages: 30_000,
})

export const headerName = "partitionKey"
export const keysMax = 1_024

/** One message after the other: `n` is its place among all, from 0. */
export interface Messages {
  readonly count: number
  keyIndex(n: number): number
  key(n: number): string
  /** Of JSON, `bodyBytes` long; its `n` proves order, loss and repeats. */
  body(n: number): string
}

export function messagesOf(workload: Workload): Messages {
  const { warmUp, messages, bodyBytes, spread } = workload
  const count = warmUp + messages
  const indexes = keyIndexes(count, spread)
  const keys = Array.from({ length: keysMax }, (_, index) => keyOf(index))
  const padding = "x".repeat(bodyBytes)
  const key = (n: number) => keys[indexes[n]!]!
  return {
    count,
    keyIndex: (n) => indexes[n]!,
    key,
    body(n) {
      const start = `{"n":${n},"customer":{"id":"${key(n)}"},"padding":"`
      return `${start}${padding.slice(0, Math.max(0, bodyBytes - start.length - 2))}"}`
    },
  }
}

export const keyOf = (index: number): string => `customer-${index}`

/** The place of a message, from the body that `Messages.body` made. */
export function placeOf(body: Uint8Array): number {
  let n = 0
  // Behind `{"n":`.
  for (let at = 5; ; at++) {
    const digit = body[at]! - 0x30
    if (!(digit >= 0 && digit <= 9)) return n
    n = n * 10 + digit
  }
}

function keyIndexes(count: number, spread: Spread): Uint16Array {
  if (spread === "single") return new Uint16Array(count)
  if (spread === "even") return Uint16Array.from({ length: count }, (_, n) => n % keysMax)
  const draw = zipf()
  let state = 1
  return Uint16Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return draw(state / 2 ** 32)
  })
}

/** Key indexes from random numbers in [0, 1). */
function zipf(): (random: number) => number {
  const sums: number[] = []
  let sum = 0
  for (let index = 0; index < keysMax; index++) {
    sum += 1 / (index + 1)
    sums.push(sum)
  }
  return (random) => sums.findIndex((each) => each >= random * sum)
}
