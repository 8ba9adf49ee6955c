import { describe, expect, test } from "bun:test"
import * as v from "valibot"
import { assignmentSchema } from "../../src/http/schemas.ts"
import { problemOf } from "./problem-of.ts"
import { createToldApp, type ToldApp } from "./told-app.ts"

const members = "/v1/topics/t/groups/g/members"

const ask = ({ app }: ToldApp, method: string, path: string, body?: unknown) =>
  Promise.resolve(
    app.request(path, {
      method,
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }),
  )

describe("a member", () => {
  test("joins, is told its queues, says that it lives, and leaves", async () => {
    const told = createToldApp()
    const joined = await ask(told, "POST", members, { memberId: "pod 1/a" })
    expect(joined.status).toBe(200)
    const assignment = v.parse(assignmentSchema, await joined.json())
    expect(assignment.memberId).toBe("pod 1/a")
    expect(assignment.partitions).toEqual([
      { partition: 0, queue: "partymq.t.g.g1.p0" },
      { partition: 1, queue: "partymq.t.g.g1.p1" },
    ])
    const own = `${members}/${encodeURIComponent("pod 1/a")}`
    const { generation } = assignment
    const heard = await ask(told, "PUT", own, { generation, partitions: [0, 1] })
    expect(v.parse(assignmentSchema, await heard.json())).toEqual(assignment)
    const left = await ask(told, "DELETE", own)
    expect(await left.json()).toEqual({ memberId: "pod 1/a", left: true })
    expect((await ask(told, "DELETE", own)).status).toBe(404)
  })

  test("gets a name if it brings none, with or without a body", async () => {
    const told = createToldApp()
    for (const body of [undefined, "", {}]) {
      const response = await ask(told, "POST", members, body)
      expect(v.parse(assignmentSchema, await response.json()).memberId).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  test("that is none is told to join", async () => {
    // Nobody may come back by a heartbeat.
    const told = createToldApp({}, { sessionTimeoutMs: 0 })
    const response = await ask(told, "PUT", `${members}/x`, { generation: 1, partitions: [] })
    expect(response.status).toBe(404)
    expect(await problemOf(response)).toMatchObject({ code: "unknown_member", retriable: false })
  })
})

test("a body that is not read to its end costs a member its connection", async () => {
  const response = await ask(createToldApp(), "POST", members, "x".repeat(70_000))
  expect(response.status).toBe(413)
  expect(response.headers.get("connection")).toBe("close")
})

test("a member that asks while PartyMQ ends is told so, and that it may ask again", async () => {
  const told = createToldApp()
  told.stop()
  const response = await ask(told, "PUT", `${members}/x`, { generation: 1, partitions: [] })
  expect(response.status).toBe(503)
  expect(await problemOf(response)).toMatchObject({ code: "shutting_down", retriable: true })
})

describe("what is no request of a member", () => {
  const wrong = [
    ["POST", members, "{", "invalid_member"],
    ["POST", members, [], "invalid_member"],
    ["POST", members, { memberId: "" }, "invalid_member"],
    ["POST", members, { memberId: "x".repeat(256) }, "invalid_member"],
    ["POST", members, { member: "x" }, "invalid_member"],
    ["PUT", `${members}/x`, {}, "invalid_member"],
    ["PUT", `${members}/x`, { generation: 1.5, partitions: [] }, "invalid_member"],
    ["PUT", `${members}/x`, { generation: 1, partitions: [-1] }, "invalid_member"],
    ["PUT", `${members}/x`, { generation: 2 ** 53, partitions: [0] }, "invalid_member"],
    ["PUT", `${members}/${"x".repeat(256)}`, { generation: 1, partitions: [] }, "unknown_member"],
    ["POST", members, "x".repeat(70_000), "body_too_large"],
    ["POST", "/v1/topics/none/groups/g/members", {}, "unknown_topic"],
    ["POST", "/v1/topics/t/groups/none/members", {}, "unknown_group"],
    ["DELETE", "/v1/topics/t/groups/none/members/x", undefined, "unknown_group"],
  ] as const
  for (const [method, path, body, code] of wrong) {
    const shown = JSON.stringify(body)?.slice(0, 40)
    test(`${method} ${path} ${shown} is answered ${code}`, async () => {
      const response = await ask(createToldApp(), method, path, body)
      expect((await problemOf(response)).code).toBe(code)
    })
  }
})
