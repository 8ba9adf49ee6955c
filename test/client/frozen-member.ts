/** A consumer in a process of its own, which a test stops; says on standard output what happens. */
import { createConsumer } from "../../src/client/index.ts"

const [amqp = "", http = ""] = process.argv.slice(2)
const say = (event: object) => process.stdout.write(`${JSON.stringify(event)}\n`)

const consumer = createConsumer({
  amqp,
  http,
  topic: "t",
  group: "g",
  concurrency: 2,
  memberId: "frozen",
  async handler(message, { signal }) {
    say({ started: message.text(), count: message.deliveryCount })
    // These two run while the process is stopped; what is behind them has been delivered by then.
    if (message.text() === "0") await stoodStill()
    if (message.text() === "1") {
      await new Promise((resolve) => signal.addEventListener("abort", resolve))
      say({ told: message.text() })
    }
  },
})
consumer.on("fenced", ({ reason, running }) => say({ fenced: reason, running }))
process.on("SIGTERM", async () => {
  await consumer.close({ timeoutMs: 1_000 })
  process.exit(0)
})

/** Resolves as soon as this process goes on after it was stopped. */
async function stoodStill(): Promise<void> {
  let beforeMs = performance.now()
  for (;;) {
    await Bun.sleep(10)
    const nowMs = performance.now()
    if (nowMs - beforeMs > 3_000) return
    beforeMs = nowMs
  }
}
