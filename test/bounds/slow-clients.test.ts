import { describe, expect, test } from "bun:test"
import { connectRaw } from "../http/raw-client.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { canMeasure, measuredRouter, residentBytesMax } from "./measured-router.ts"

if (!canMeasure) console.warn("skipped: the peak of a process's memory is read from Linux's /proc")

const slowClients = 1_000
/** So that half of them announce what is read as a whole, and half what is read piece by piece. */
const announcedBytes = [1_000_000, 40_000] as const

describe.skipIf(!canMeasure)("1,000 clients that send their bodies byte by byte", () => {
  const vhost = withVhost()

  test("neither fill the memory nor keep others out", async () => {
    await using router = await measuredRouter({
      amqp: { url: vhost.url },
      http: { host: "127.0.0.1", port: 0, inFlightMessagesMax: slowClients },
      topics: { trickle: { groups: { all: { partitions: 2, queue: { type: "classic" } } } } },
    })
    const path = "/v1/topics/trickle/messages"
    const port = Number(new URL(router.url).port)
    const clients = await Promise.all(Array.from({ length: slowClients }, () => connectRaw(port)))
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nPartition-Key: k\r\n`
    for (const [index, client] of clients.entries()) {
      client.send(head, `Content-Length: ${announcedBytes[index % 2]}\r\n\r\n`)
    }
    const trickling = setInterval(() => {
      for (const client of clients) client.send("x")
    }, 100)
    try {
      const inFlight = () => router.metric("partymq_http_in_flight_messages")
      await until(async () => (await inFlight()) === slowClients, { what: "all places taken" })
      const post = async () => {
        const init = { method: "POST", body: "quick", headers: { "partition-key": "k" } }
        const response = await fetch(`${router.url}${path}`, init)
        await response.body?.cancel()
        return response.status
      }
      expect(await post()).toBe(429)
      await until(async () => (await post()) === 202, { what: "a place for a quick one" })
      // From here on every one gets in: there are slow ones enough to make room.
      for (let n = 0; n < 50; n++) expect(await post()).toBe(202)
      const evicted = await clients[0]!.answer()
      expect(evicted.status).toBe(408)
      expect(await evicted.json()).toMatchObject({ code: "body_read_timeout", retriable: true })
    } finally {
      clearInterval(trickling)
      for (const client of clients) client.destroy()
    }
    expect(router.peakBytes()).toBeLessThan(residentBytesMax)
  }, 60_000)
})
