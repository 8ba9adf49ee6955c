import { describe, expect, test } from "bun:test"
import * as v from "valibot"
import type { Pulled } from "../../../src/broker/pull/group-pull.ts"
import { receiptResultsSchema } from "../../../src/http/pull/pull-schemas.ts"
import { createReceipts } from "../../../src/http/pull/receipts.ts"
import { problemOf } from "../problem-of.ts"
import { createToldApp, type ToldApp } from "../told-app.ts"

const group = "/v1/topics/t/groups/g"

const ask = ({ app }: ToldApp, method: string, path: string, body?: unknown) =>
  Promise.resolve(
    app.request(path, {
      method,
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }),
  )

const lease = (number: number) => {
  const message = { partition: 1, deliveryTag: 5 } as Pulled
  return { number, message, deliveries: 1 }
}

describe("what is no request of a consumer that pulls", () => {
  const wrong = [
    ["receive", {}, "invalid_pull"],
    ["receive", [], "invalid_pull"],
    ["receive", "{", "invalid_pull"],
    ["receive", { consumer: "" }, "invalid_pull"],
    ["receive", { consumer: "x".repeat(256) }, "invalid_pull"],
    ["receive", { consumer: "c", max: 0 }, "invalid_pull"],
    ["receive", { consumer: "c", max: 1_001 }, "invalid_pull"],
    ["receive", { consumer: "c", max: 1.5 }, "invalid_pull"],
    ["receive", { consumer: "c", waitMs: 30_001 }, "invalid_pull"],
    ["receive", { consumer: "c", waitMs: -1 }, "invalid_pull"],
    ["receive", { consumer: "c", visibilityTimeoutMs: 99 }, "invalid_pull"],
    ["receive", { consumer: "c", other: 1 }, "invalid_pull"],
    ["ack", {}, "invalid_pull"],
    ["ack", { receipts: [] }, "invalid_pull"],
    ["ack", { receipts: Array(1_001).fill("r") }, "invalid_pull"],
    ["ack", { receipts: ["r".repeat(1_025)] }, "invalid_pull"],
    ["ack", { receipts: ["r"], delayMs: 1 }, "invalid_pull"],
    ["nack", { receipts: ["r"], delayMs: -1 }, "invalid_pull"],
    ["extend", { receipts: ["r"], visibilityTimeoutMs: 43_200_001 }, "invalid_pull"],
    ["ack", "x".repeat(1_048_577), "body_too_large"],
  ] as const
  for (const [what, body, code] of wrong) {
    test(`${what} ${JSON.stringify(body).slice(0, 60)} is answered ${code}`, async () => {
      const response = await ask(createToldApp(), "POST", `${group}/${what}`, body)
      expect((await problemOf(response)).code).toBe(code)
    })
  }

  test("is told by the name of the member, what it is and what is allowed", async () => {
    const said = [
      ["receive", {}, "consumer is missing"],
      ["receive", "{", "the body is not a JSON object"],
      ["receive", { consumer: 5 }, "consumer is 5; allowed: string"],
      ["receive", { consumer: "c", max: 0 }, "max is 0; allowed: >=1"],
      ["receive", { consumer: "c", other: 1 }, "other is not a known member"],
      ["ack", { receipts: [] }, "receipts has the length 0; allowed: >=1"],
    ] as const
    for (const [what, body, detail] of said) {
      const response = await ask(createToldApp(), "POST", `${group}/${what}`, body)
      expect((await problemOf(response)).detail).toBe(detail)
    }
  })

  test("a topic or group that does not exist is said to be none", async () => {
    for (const what of ["receive", "ack", "nack", "extend"]) {
      const unknown = await ask(createToldApp(), "POST", `/v1/topics/x/groups/g/${what}`, {})
      expect((await problemOf(unknown)).code).toBe("unknown_topic")
      const other = await ask(createToldApp(), "POST", `/v1/topics/t/groups/x/${what}`, {})
      expect((await problemOf(other)).code).toBe("unknown_group")
    }
  })
})

test("without a simple queue its paths say that there is none", async () => {
  for (const [method, path] of [
    ["POST", "/v1/publish"],
    ["GET", "/v1/consumer?cid=c"],
    ["DELETE", "/v1/consumer?cid=c&id=1"],
  ] as const) {
    const response = await ask(createToldApp(), method, path)
    expect([response.status, (await problemOf(response)).code]).toEqual([404, "no_simple_queue"])
  }
})

describe("a consumer that pulls", () => {
  test("is told why it gets nothing", async () => {
    const told = createToldApp()
    told.router.told.receive = async () => ({
      ...{ kind: "unavailable", code: "broker_away", detail: "away", retryAfterMs: 1_000 },
    })
    const away = await ask(told, "POST", `${group}/receive`, { consumer: "c" })
    expect([away.status, away.headers.get("retry-after")]).toEqual([503, "1"])
    expect(await problemOf(away)).toMatchObject({ code: "broker_away", retriable: true })
  })

  test("asks with what it says, and with the group's visibility timeout if it says none", async () => {
    const told = createToldApp()
    const asked: unknown[] = []
    told.router.told.receive = async (taking, waitMs) => {
      asked.push({ ...taking, waitMs })
      return { kind: "messages", leases: [] }
    }
    await ask(told, "POST", `${group}/receive`, { consumer: "c" })
    const more = { consumer: "d", max: 3, waitMs: 5, visibilityTimeoutMs: 100 }
    await ask(told, "POST", `${group}/receive`, more)
    expect(asked).toMatchObject([
      { consumer: "c", max: 10, waitMs: 0, visibilityTimeoutMs: 30_000 },
      more,
    ])
  })

  test("that gets nothing because PartyMQ ends is told so", async () => {
    const told = createToldApp()
    told.router.told.receive = async () => {
      told.stop()
      return { kind: "messages", leases: [] }
    }
    const ended = await ask(told, "POST", `${group}/receive`, { consumer: "c" })
    expect((await problemOf(ended)).code).toBe("shutting_down")
  })

  test("gets a result for each receipt, in their order", async () => {
    const told = createToldApp()
    const message = {
      ...{ partition: 0, queue: "q", deliveryTag: 1, frameMax: 131_072, deliveredBefore: 0 },
      ...{ key: undefined, properties: new Uint8Array(2), body: new Uint8Array(0) },
    }
    told.router.told.receive = async () => ({
      kind: "messages",
      leases: [1, 2].map((number) => ({ number, message, deliveries: 1 })),
    })
    const received = await ask(told, "POST", `${group}/receive`, { consumer: "c" })
    const { messages } = (await received.json()) as { messages: { receipt: string }[] }
    const [one, two] = messages.map(({ receipt }) => receipt) as [string, string]
    told.router.told.leases.add(1)
    const acked = await ask(told, "POST", `${group}/ack`, { receipts: [two, one, one, "x"] })
    expect(acked.status).toBe(207)
    const answer = v.parse(receiptResultsSchema, await acked.json())
    expect(answer).toMatchObject({ accepted: 1, failed: 3 })
    expect(answer.results.map(({ receipt, status }) => [receipt, status])).toEqual([
      [two, 409],
      [one, 200],
      [one, 409],
      ["x", 409],
    ])
    const stale = await ask(told, "POST", `${group}/ack`, { receipts: [one] })
    expect(await problemOf(stale)).toMatchObject({ code: "stale_receipt", retriable: false })
  })
})

describe("a receipt", () => {
  const receipts = createReceipts()

  test("is known again by who made it, for its topic and group", () => {
    const receipt = receipts.of("t", "g", lease(7))
    expect(receipts.read("t", "g", receipt)).toBe(7)
    expect(receipts.read("t", "other", receipt)).toBeUndefined()
    expect(receipts.read("other", "g", receipt)).toBeUndefined()
    expect(createReceipts().read("t", "g", receipt)).toBeUndefined()
  })

  test("is refused when anything of it is another", () => {
    const receipt = receipts.of("t", "g", lease(7))
    const [text, signature] = receipt.split(".") as [string, string]
    const forged = Buffer.from(JSON.stringify(["t", "g", 1, 5, 8])).toString("base64url")
    const others = [`${forged}.${signature}`, text, `${text}.`, `.${signature}`, "", "ä.ö"]
    for (const other of others) expect(receipts.read("t", "g", other)).toBeUndefined()
    for (let at = 0; at < text.length; at++) {
      const altered = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`
      expect(receipts.read("t", "g", `${altered}.${signature}`)).toBeUndefined()
    }
  })

  test("fits a request, whatever its topic and group are called", () => {
    const name = "n".repeat(100)
    const number = Number.MAX_SAFE_INTEGER
    expect(receipts.of(name, name, lease(number)).length).toBeLessThan(512)
  })
})
