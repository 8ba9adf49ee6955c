/** A program that is a member of some groups by the consumer SDK, and tells what its handlers do. */
import { connect } from "node:net"
import { type Consumer, createConsumer } from "../../../src/client/index.ts"
import { followLauncher } from "../../../src/local-broker/follow-launcher.ts"
import { randomFrom } from "../../support/seed.ts"
import type { MemberOrders, Said } from "./member-protocol.ts"

const orders = JSON.parse(process.argv[2]!) as MemberOrders
const random = randomFrom(orders.seed)
const socket = connect(orders.oraclePort, "127.0.0.1")
const heard: (() => void)[] = []
// Nobody listens any more: the test has ended.
socket.on("close", () => process.exit(0))
socket.on("error", () => process.exit(0))
// One byte for each line that was heard, in their order.
socket.on("data", (bytes) => {
  for (let count = 0; count < bytes.length; count++) heard.shift()?.()
})

function say(said: Said): Promise<void> {
  socket.write(`${JSON.stringify(said)}\n`)
  return new Promise((resolve) => heard.push(resolve))
}

const consumers: Consumer[] = []

async function leave(): Promise<void> {
  await Promise.all(consumers.map((consumer) => consumer.close()))
  process.exit(0)
}
process.on("SIGTERM", leave)
followLauncher(leave)

await say({ kind: "hello", member: orders.member })
for (const group of orders.groups) {
  const consumer = createConsumer({
    amqp: { url: orders.amqpUrl, heartbeatSeconds: orders.heartbeatSeconds },
    http: orders.httpUrl,
    ...{ topic: orders.topic, group, memberId: orders.member, prefetch: 20 },
    async handler(message, { signal }) {
      const begunMs = Date.now()
      const { key, revision } = message.json() as { key: string; revision: number }
      const run = { group, key, revision, partition: message.partition }
      await say({ kind: "started", ...run, begunMs })
      await Bun.sleep(random.next() * orders.handlerMsMax)
      await say({ kind: "ended", ...run, isAborted: signal.aborted })
    },
  })
  const joined = () => void say({ kind: "joined", group })
  // It may be told to leave before.
  consumer.ready.then(joined, () => {})
  consumer.on("reconnected", joined)
  consumer.on("fenced", ({ reason }) => void say({ kind: "fenced", group, reason }))
  consumer.on("deadLettered", ({ detail }) => void say({ kind: "deadLettered", group, detail }))
  consumers.push(consumer)
}
