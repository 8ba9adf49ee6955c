import { readQueue } from "../../src/broker/queue-reader.ts"
import { connect } from "../support/raw-client.ts"
import { indexOf } from "./large-body.ts"

/** Consumes queues and checks every body; acks, so that the broker can forget. */
export async function bodyCheck(url: string, queues: readonly string[]) {
  const connection = await connect(url)
  const indices = new Map<string, number[]>()
  let altered = 0
  for (const queue of queues) {
    const seen: number[] = []
    indices.set(queue, seen)
    await readQueue(connection, queue, {
      prefetch: 4,
      delivered(delivery, reader) {
        const index = indexOf(delivery.body)
        if (index === undefined) altered += 1
        else seen.push(index)
        reader.ack(delivery)
      },
      ended: () => {},
    })
  }
  return {
    get altered() {
      return altered
    },
    get count() {
      return [...indices.values()].reduce((sum, seen) => sum + seen.length, 0)
    },
    /** Different ones of a group's queues. */
    distinct: (group: string) =>
      new Set([...indices].flatMap(([queue, seen]) => (queue.includes(`.${group}.`) ? seen : []))),
    [Symbol.asyncDispose]: () => connection.shut(5_000),
  }
}
