import { expect, test } from "bun:test"
import { parseOptions } from "../../src/client/consumer-options.ts"
import { type ConsumerOptions, createConsumer } from "../../src/client/index.ts"

const least: ConsumerOptions = {
  amqp: "amqp://user:secret@localhost",
  http: "http://localhost:8085",
  topic: "t",
  group: "g",
  handler: () => {},
}

test("a consumer needs six things, and has sane values for the rest", () => {
  expect(parseOptions(least)).toMatchObject({
    amqp: { url: least.amqp, heartbeatSeconds: 10 },
    http: { url: least.http, headers: {} },
    concurrency: 16,
    prefetch: 100,
    retry: { attempts: 5, backoffMs: 200, backoffMaxMs: 30_000 },
    onPoison: "dead-letter",
    handlerTimeoutMs: 600_000,
  })
})

const wrong: readonly (readonly [field: string, options: object])[] = [
  ["topic", { topic: "" }],
  ["handler", { handler: "no function" }],
  ["concurrency", { concurrency: 0 }],
  ["retry.attempts", { retry: { attempts: 0 } }],
  ["onPoison", { onPoison: "park" }],
  ["handlerTimeoutMs", { handlerTimeoutMs: 2 ** 31 }],
  ["amqp", { amqp: "redis://user:secret@localhost" }],
  ["amqp", { amqp: { url: "secret", other: 1 } }],
  ["http", { http: "localhost:8085" }],
  ["http", { http: "http://me:secret@localhost:99999" }],
  ["memberId", { memberId: "é".repeat(130) }],
  ["other", { other: 1 }],
]

for (const [field, options] of wrong) {
  test(`a consumer is refused ${JSON.stringify(options)}, and told which field is wrong`, () => {
    const create = () => createConsumer({ ...least, ...options } as ConsumerOptions)
    expect(create).toThrow(expect.objectContaining({ code: "invalid_options" }))
    expect(create).toThrow(new RegExp(`^${field}`))
    expect(create).not.toThrow(/secret/)
  })
}
