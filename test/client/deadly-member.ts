/** A consumer in a process of its own, which some messages bring down; says what it has handled. */
import { createConsumer } from "../../src/client/index.ts"

const [amqp = "", http = "", onPoison = ""] = process.argv.slice(2)
const say = (event: object) => process.stdout.write(`${JSON.stringify(event)}\n`)

const consumer = createConsumer({
  amqp,
  http,
  topic: "t",
  group: "g",
  memberId: "deadly",
  deliveriesMax: 4,
  retry: { backoffMs: 1 },
  onPoison: onPoison === "park-key" ? "park-key" : "dead-letter",
  async handler(message) {
    if (message.text() === "deadly") process.kill(process.pid, "SIGKILL")
    // No message of the same time is acked before that.
    await Bun.sleep(20)
    say({ handled: message.text() })
  },
})
for (const name of ["deadLettered", "parked"] as const) {
  consumer.on(name, ({ message, detail }) => say({ [name]: message.text(), detail }))
}
process.on("SIGTERM", async () => {
  await consumer.close({ timeoutMs: 1_000, handOver: false })
  process.exit(0)
})
