import { expect, spyOn, test } from "bun:test"
import { Histogram, Registry } from "prom-client"
import { registerProcessMetrics } from "../../src/http/process-metrics.ts"
import { registerRequests } from "../../src/http/request-meters.ts"
import { createToldApp, type ToldApp } from "./told-app.ts"

async function scrape({ app }: ToldApp): Promise<string[]> {
  const response = await app.request("/metrics")
  expect(response.status).toBe(200)
  expect(response.headers.get("content-type")).toContain("text/plain")
  return (await response.text()).split("\n")
}

test("the router's numbers are those of the moment of the scrape", async () => {
  const told = createToldApp()
  const { stats } = told.router
  const topic = stats.topics.t!
  topic.consumed = 7
  topic.rejected.missing_key = 2
  topic.inFlightBytes = 4096
  topic.groups.g!.confirmed = 5
  topic.groups.g!.inFlight = 2
  topic.groups.g!.lanes.push({ size: 3 }, { size: 4 })
  topic.deadLetterCopies.nacked = 6
  topic.deadLetterCopies.lanes.push({ size: 8 })
  topic.oldestArrivedMs = () => Date.now() - 90_000
  stats.reconnects.publish = 1
  stats.losses.consume.silent = 3
  stats.oldestUnconfirmedSeconds = 1.5
  expect(await scrape(told)).toContain('partymq_consumed_messages_total{topic="t"} 7')
  topic.consumed = 9
  topic.inFlightBytes = 0
  const lines = await scrape(told)
  for (const line of [
    'partymq_consumed_messages_total{topic="t"} 9',
    'partymq_rejected_messages_total{topic="t",reason="missing_key"} 2',
    'partymq_in_flight_bytes{topic="t"} 0',
    'partymq_confirmed_copies_total{topic="t",group="g"} 5',
    'partymq_order_violations_total{topic="t",group="g"} 0',
    'partymq_in_flight_copies{topic="t",group="g"} 2',
    'partymq_waiting_copies{topic="t",group="g"} 5',
    'partymq_dead_letter_nacked_copies_total{topic="t"} 6',
    'partymq_dead_letter_unsettled_copies{topic="t"} 8',
    'partymq_reconnects_total{connection="publish"} 1',
    'partymq_connection_losses_total{connection="consume",reason="silent"} 3',
    'partymq_connection_losses_total{connection="publish",reason="silent"} 0',
    "partymq_oldest_unconfirmed_seconds 1.5",
    "partymq_ready 1",
  ]) {
    expect(lines).toContain(line)
  }
  const oldest = lines.find((line) => line.startsWith("partymq_source_oldest_unsettled_seconds{"))
  expect(Number(oldest?.split(" ").at(-1))).toBeCloseTo(90, -1)
})

test("requests are counted by route and status, never by what a client makes up", async () => {
  const told = createToldApp()
  const path = "/v1/topics/t/messages"
  await told.app.request(path, { method: "POST", headers: { "partition-key": "customer-4711" } })
  await told.app.request("/v1/topics/made-up-1/messages", { method: "POST" })
  await told.app.request("/made-up-2")
  await told.app.request(path, { method: "DELETE" })
  const lines = await scrape(told)
  const route = "/v1/topics/:topic/messages"
  for (const line of [
    `partymq_http_requests_total{method="POST",route="${route}",status="202"} 1`,
    `partymq_http_requests_total{method="POST",route="${route}",status="404"} 1`,
    `partymq_http_requests_total{method="other",route="${route}",status="405"} 1`,
    'partymq_http_requests_total{method="other",route="other",status="404"} 1',
    `partymq_http_request_duration_seconds_count{method="POST",route="${route}"} 2`,
  ]) {
    expect(lines).toContain(line)
  }
  expect(lines.join()).not.toMatch(/made-up|4711/)
})

test("durations are in seconds", async () => {
  const told = createToldApp()
  told.router.told.publish = async () => {
    told.clock.nowMs += 250
    return { kind: "accepted", key: undefined, placements: [] }
  }
  await told.app.request("/v1/topics/t/messages", { method: "POST" })
  const sum = (await scrape(told)).find((line) =>
    line.startsWith('partymq_http_request_duration_seconds_sum{method="POST"'),
  )
  expect(sum).toEndWith(" 0.25")
})

test("each of many durations is counted once, whenever the metrics are scraped", async () => {
  const registry = new Registry()
  const count = async () =>
    Number(/_duration_seconds_count\{.*\} (\d+)/.exec(await registry.metrics())?.[1])
  const newMeter = registerRequests(registry)
  const meter = newMeter("POST", "/v1")
  for (let n = 1; n <= 700; n++) {
    meter.observe(200, 0.001)
    if (n % 300 === 0) expect(await count()).toBe(n)
  }
  expect([await count(), await count()]).toEqual([700, 700])
})

test("durations do not heap up where nobody scrapes", () => {
  const observe = spyOn(Histogram.prototype, "labels").mockImplementation(() => ({
    observe: (seconds: number) => void observed.push(seconds),
    startTimer: () => () => 0,
  }))
  const observed: number[] = []
  try {
    const meter = registerRequests(new Registry())("POST", "/v1")
    for (let n = 0; n < 1_000; n++) meter.observe(200, n)
    expect(observed.length).toBeGreaterThan(700)
    expect(observed).toEqual(observed.map((_, n) => n))
  } finally {
    observe.mockRestore()
  }
})

test("what is in flight over HTTP is shown while it is", async () => {
  const told = createToldApp()
  const place = told.admission.enter(0)!
  place.grow(10)
  expect(await scrape(told)).toContain("partymq_http_in_flight_bytes 10")
  place.leave()
  const lines = await scrape(told)
  expect(lines).toContain("partymq_http_in_flight_bytes 0")
  expect(lines).toContain("partymq_http_in_flight_messages 0")
})

test("the process metrics are plausible on this runtime", async () => {
  const registry = new Registry()
  const stop = registerProcessMetrics(registry)
  try {
    const value = async (name: string) =>
      Number((await registry.metrics()).match(new RegExp(`^${name} (.*)$`, "m"))?.[1])
    const residentBytes = await value("partymq_process_resident_memory_bytes")
    expect(residentBytes).toBeGreaterThan(10e6)
    expect(residentBytes).toBeLessThan(10e9)
    expect(await value("partymq_process_cpu_seconds_total")).toBeGreaterThan(0)
    const startSeconds = await value("partymq_process_start_time_seconds")
    expect(Math.abs(Date.now() / 1000 - process.uptime() - startSeconds)).toBeLessThan(2)
    const delaySeconds = await value("partymq_event_loop_delay_max_seconds")
    expect(delaySeconds).toBeGreaterThanOrEqual(0)
    expect(delaySeconds).toBeLessThan(60)
  } finally {
    stop()
  }
})
