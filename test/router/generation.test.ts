import { describe, expect, test } from "bun:test"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { partitionQueue } from "../../src/core/generation.ts"
import { connect } from "../support/raw-client.ts"
import { newRouter, startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()

type Groups = NonNullable<NonNullable<ConfigInput["topics"]>[string]["groups"]>

const configured = (topic: string, groups: Groups): ConfigInput => ({
  amqp: { url: vhost.url },
  topics: { [topic]: { key: [{ use: "header", name: "k" }], groups } },
})

const billing = { partitions: 4, queue: { type: "classic" } } as const

describe("the generation recorded in the broker", () => {
  test("lets the same configuration start again, and a new group be added", async () => {
    const topic = unique("again")
    for (const groups of [{ billing }, { billing }, { billing, audit: billing }]) {
      const router = await startedRouter(configured(topic, groups))
      expect(router.readiness()).toEqual({ ready: true })
      await router.stop()
    }
  })

  const contradictions: [what: string, changed: Groups[string], said: string][] = [
    ["partitions", { ...billing, partitions: 5 }, "partitions: recorded 4, configured 5"],
    [
      "partitioner",
      { ...billing, partitioner: { use: "jump-hash" } },
      'partitioner: recorded "consistent-hash", configured "jump-hash"',
    ],
    [
      "partitioner options",
      { ...billing, partitioner: { use: "consistent-hash", virtualNodes: 256 } },
      'partitioner options: recorded {"virtualNodes":128}, configured {"virtualNodes":256}',
    ],
    ["weights", { ...billing, weights: [1, 1, 1, 2] }, "configured [1,1,1,2]"],
    ["queue", { ...billing, queue: { type: "quorum" } }, 'recorded {"type":"classic"}'],
  ]
  for (const [what, changed, said] of contradictions) {
    test(`stops a start with other ${what}, and says what differs`, async () => {
      const topic = unique("contradicted")
      await (await startedRouter(configured(topic, { billing }))).stop()
      const router = await newRouter(configured(topic, { billing: changed }))
      const refusal = await router.start().catch((error: Error) => error)
      expect(refusal).toMatchObject({ name: "StartRefused", code: "generation_conflict" })
      expect((refusal as Error).message).toContain(`group "billing"`)
      expect((refusal as Error).message).toContain(said)
      await router.stop()
    })
  }

  test("is the same for all when several first starts with different ones race", async () => {
    const topic = unique("race")
    const counts = [2, 3, 4, 5]
    const routers = await Promise.all(
      counts.map((partitions) =>
        newRouter(configured(topic, { billing: { ...billing, partitions } })),
      ),
    )
    const starts = await Promise.allSettled(routers.map((router) => router.start()))
    const winners = starts.flatMap(({ status }, at) => (status === "fulfilled" ? [at] : []))
    expect(winners).toHaveLength(1)
    const count = counts[winners[0]!]!
    for (const start of starts) {
      if (start.status === "rejected") {
        expect(start.reason.message).toContain(`partitions: recorded ${count}, configured`)
      }
    }
    await Promise.all(routers.map((router) => router.stop()))
  })

  test("survives garbage that somebody else puts into its stream", async () => {
    const topic = unique("garbage")
    await (await startedRouter(configured(topic, { billing }))).stop()
    const connection = await connect(vhost.url)
    const channel = await connection.plainChannel()
    await channel.confirmSelect()
    for (const body of ["", "not json", "null", '{"kind":"proposal","generations":1}']) {
      await channel.basicPublish("", `partymq.${topic}.generations`, body)
    }
    await connection.shut(5_000)
    const router = await startedRouter(configured(topic, { billing }))
    expect(router.readiness()).toEqual({ ready: true })
    await router.stop()
  })

  test("stops a start whose partition queue exists with other settings", async () => {
    const topic = unique("taken")
    const connection = await connect(vhost.url)
    const channel = await connection.plainChannel()
    const queue = partitionQueue(topic, "billing", 1, 0)
    await channel.queueDeclare(queue, { durable: true })
    const router = await newRouter(configured(topic, { billing }))
    const refusal = await router.start().catch((error: Error) => error)
    expect(refusal).toMatchObject({ name: "StartRefused", code: "queue_conflict" })
    expect((refusal as Error).message).toContain(queue)
    expect((refusal as Error).message).toContain("Delete it once it is empty")
    await router.stop()
    await connection.shut(5_000)
  })
})
