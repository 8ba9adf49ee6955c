/** A consumer in a process of its own, which a test stops; says on standard output what happens. */
import { createConsumer } from "../../src/client/index.ts"

const [amqp = "", http = "", stillMs = "3000", isFailing = ""] = process.argv.slice(2)
let hasStood = false
const say = (event: object) => process.stdout.write(`${JSON.stringify(event)}\n`)

const consumer = createConsumer({
  amqp,
  http,
  topic: "t",
  group: "g",
  concurrency: 2,
  memberId: "frozen",
  async handler(message, { signal }) {
    say({ started: message.text(), partition: message.partition, count: message.deliveryCount })
    // These two run while the process is stopped; what is behind them has been delivered by then.
    if (message.text() === "0" && !hasStood) {
      hasStood = true
      await stoodStill()
      if (isFailing) throw Object.assign(new Error("it stood still"), { retriable: false })
    }
    if (message.text() === "1") {
      await new Promise((resolve) => signal.addEventListener("abort", resolve))
      say({ told: message.text() })
    }
  },
})
consumer.on("assigned", ({ partition }) => say({ assigned: partition }))
consumer.on("deadLettered", () => say({ deadLettered: true }))
consumer.on("fenced", ({ reason, running }) => say({ fenced: reason, running }))
process.on("SIGTERM", async () => {
  await consumer.close({ timeoutMs: 1_000 })
  process.exit(0)
})

/**
 * Ends as soon as this process goes on after it was stopped, nearly always before anything else of it does:
 * it keeps the event loop from coming round most of the time.
 */
async function stoodStill(): Promise<void> {
  let beforeMs = performance.now()
  let turnedMs = beforeMs
  for (;;) {
    const nowMs = performance.now()
    if (nowMs - beforeMs > Number(stillMs)) return
    beforeMs = nowMs
    if (nowMs - turnedMs < 50) continue
    await new Promise((resolve) => setImmediate(resolve))
    turnedMs = performance.now()
  }
}
