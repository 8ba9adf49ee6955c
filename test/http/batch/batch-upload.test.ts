import { describe, expect, test } from "bun:test"
import { canMeasure, measuredRouter } from "../../bounds/measured-router.ts"
import { connect } from "../../support/raw-client.ts"
import { withVhost } from "../../support/vhost.ts"
import { batchAnswer, ndjson, postBatch } from "./batch-server.ts"

if (!canMeasure) console.warn("skipped: the peak of a process's memory is read from Linux's /proc")

/** `PARTYMQ_TEST_LONG=1`: 100 MB. */
const uploadBytes = (process.env.PARTYMQ_TEST_LONG === "1" ? 100 : 20) * 1_000_000
const residentBytesMax = 192 * 1024 * 1024
const keys = 1_000

const lineOf = (n: number): string =>
  `${JSON.stringify({ key: `k${n % keys}`, body: { n, text: "x".repeat(270) } })}\n`

describe.skipIf(!canMeasure)("a large upload", () => {
  const vhost = withVhost()

  /** Ready messages of the topic's only queue. */
  async function depth(): Promise<number> {
    const connection = await connect(vhost.url)
    try {
      const channel = await connection.plainChannel()
      const queue = "partymq.uploads.all.g1.p0"
      return (await channel.queueDeclare(queue, { passive: true })).messageCount
    } finally {
      await connection.shut(1_000)
    }
  }

  test("is published while it arrives, each line has its result, and memory stays under 192 MB", async () => {
    await using router = await measuredRouter({
      amqp: { url: vhost.url },
      http: { host: "127.0.0.1", port: 0 },
      topics: {
        uploads: {
          groups: { all: { partitions: 1, queue: { type: "classic" } } },
          deadLetter: { type: "classic" },
        },
      },
    })
    let sent = 0
    let depthAtEnd = 0
    const encoder = new TextEncoder()
    let bytes = 0
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        let text = ""
        while (text.length < 64_000) text += lineOf(sent++)
        bytes += text.length
        controller.enqueue(encoder.encode(text))
        if (bytes < uploadBytes) return
        depthAtEnd = await depth()
        controller.close()
      },
    })
    const startMs = performance.now()
    const response = await postBatch(router, "uploads", body, { "content-type": ndjson })
    const { results, accepted, omitted } = await batchAnswer(response)
    const seconds = (performance.now() - startMs) / 1_000
    const peakMegabytes = Math.round(router.peakBytes() / 2 ** 20)
    if (process.env.PARTYMQ_TEST_LOG) {
      const rate = Math.round(sent / seconds)
      console.log(
        `${sent} lines, ${rate}/s, peak ${peakMegabytes} MB, ${depthAtEnd} there at the end`,
      )
    }
    expect(accepted).toBe(sent)
    expect(omitted).toBe(0)
    expect(results.map(({ line }) => line)).toEqual(results.map((_, at) => at + 1))
    // What is on its way in sockets and buffers is not there yet.
    expect(depthAtEnd).toBeGreaterThan(sent / 10)
    expect(await depth()).toBe(sent)
    expect(peakMegabytes).toBeLessThan(residentBytesMax / 2 ** 20)
  }, 120_000)
})
