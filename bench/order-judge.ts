import { keysMax, type Messages } from "./workload.ts"

/** Told of each message of a group as it comes out of a partition; answers what is wrong with that. */
export type OrderJudge = (partition: number, n: number) => string | undefined

/** @param partitionOf where a key belongs; absent where any one partition will do */
export function orderJudge(
  group: number,
  { count, key, keyIndex }: Pick<Messages, "count" | "key" | "keyIndex">,
  partitionOf?: (key: string) => number,
): OrderJudge {
  const seen = new Uint8Array(count)
  const latest = new Int32Array(keysMax).fill(-1)
  const partitions = new Int32Array(keysMax).fill(-1)
  return (partition, n) => {
    if (n >= count) return `message ${n} was never sent`
    const said = `message ${n} of ${key(n)} in group ${group}`
    const index = keyIndex(n)
    if (seen[n] === 1) return `${said} came twice`
    if (n < latest[index]!) return `${said} came after message ${latest[index]}`
    if (partitions[index] === -1) {
      const right = partitionOf?.(key(n)) ?? partition
      if (partition !== right) return `${said} is in partition ${partition}, not ${right}`
      partitions[index] = partition
    }
    if (partition !== partitions[index]) return `${said} is in a second partition, ${partition}`
    seen[n] = 1
    latest[index] = n
    return undefined
  }
}
