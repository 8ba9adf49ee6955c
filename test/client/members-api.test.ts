import { expect, test } from "bun:test"
import { membersApi } from "../../src/client/members-api.ts"

test("why PartyMQ is away says where it was asked, without secrets", async () => {
  const other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("hello") })
  const api = (url: string) => membersApi({ url, headers: {}, topic: "t", group: "g" })
  const asked = (url: string) => api(url).join("m")
  const host = `127.0.0.1:${other.port}`
  expect(await asked(`http://me:hush@${host}/`)).toEqual({
    kind: "away",
    detail: `PartyMQ at ${host}: what answers over HTTP is not PartyMQ`,
  })
  await other.stop(true)
  expect(await asked(`http://${host}`)).toMatchObject({
    kind: "away",
    detail: expect.stringContaining(`PartyMQ at ${host}: `),
  })
})
