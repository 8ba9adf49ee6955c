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

test("a queue that another consumes exclusively is not said to need a right", async () => {
  const connection = await connect(vhost.url)
  const channel = await connection.plainChannel()
  const queue = unique("exclusive")
  await channel.queueDeclare(queue)
  await channel.basicConsume(queue, { exclusive: true }, () => {})
  const options = { prefetch: 1, delivered: () => {}, ended: () => {} }
  const refusal = await readQueue(connection, queue, options).catch((error) => error)
  expect(refusal.message).toStartWith(`cannot consume queue "${queue}": `)
  expect(refusal.message).toContain("in exclusive use")
  expect(refusal.code).toBe("broker_error")
  await connection.shut(1_000)
})
