import { expect, test } from "bun:test"
import { readQueue } from "../../src/broker/queue-reader.ts"
import { management } from "../support/management.ts"
import { connect } from "../support/raw-client.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()

test("a queue that is deleted while it is read leaves no channel open", async () => {
  const connection = await connect(vhost.url)
  const declaring = await connection.plainChannel()
  const queue = unique("deleted")
  await declaring.queueDeclare(queue)
  const ends: string[] = []
  await readQueue(connection, queue, {
    prefetch: 1,
    delivered: () => {},
    ended: (reason) => ends.push(reason),
  })
  await management("DELETE", `/api/queues/${vhost.name}/${queue}`)
  // The lowest number that is free is the next channel's.
  const isFree = async () => {
    const next = await connection.plainChannel()
    await next.close()
    return next.id === declaring.id + 1
  }
  await until(isFree, { what: "its channel to be closed" })
  expect(ends).toEqual([`queue "${queue}" was deleted`])
  await connection.shut(1_000)
})
