import { expect, setDefaultTimeout, test } from "bun:test"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { unique } from "../support/unique.ts"
import { withVhost } from "../support/vhost.ts"
import { bytesOf, rawList } from "../wire/property-list.ts"
import { consuming } from "./consuming.ts"
import { runPartymq } from "./partymq.ts"
import { isReady, serving } from "./serving.ts"
import { classic, classicDeadLetter, topicFolder } from "./topic-folder.ts"

setDefaultTimeout(60_000)
const vhost = withVhost()

/** The first field of a line of comma-separated values. */
const csvKey = `import { defineKeyExtractor } from "partymq"
import * as v from "valibot"
export default defineKeyExtractor({
  name: "csv",
  options: v.strictObject({ separator: v.string() }),
  create: ({ separator }) => ({ body }) =>
    new TextDecoder().decode(body).split(separator)[0] || undefined,
})`
/** One letter after the other, from an offset. */
const alphabetical = `import { definePartitioner } from "partymq"
import * as v from "valibot"
export default definePartitioner({
  name: "alphabetical",
  options: v.strictObject({ offset: v.number() }),
  guarantees: { deterministic: true, balanced: false, movement: "any", weighted: false },
  create: ({ offset }, partitions) => (key) => (key[0] + offset) % partitions.length,
})`

test("an extractor and a partitioner in files beside the configuration are loaded and used", async () => {
  const source = unique("source")
  using folder = topicFolder(
    vhost.url,
    {
      source: { queue: source, type: "classic" },
      key: [{ use: "./csv.ts", separator: ";" }],
      groups: {
        g: { partitions: 5, partitioner: { use: "./alphabetical.ts", offset: 2 }, ...classic },
      },
      deadLetter: classicDeadLetter,
    },
    { files: { "csv.ts": csvKey, "alphabetical.ts": alphabetical } },
  )
  const { topic, options } = folder
  const args = ["explain", topic, "--body", "dora;1", "--output", "json"]
  const explained = await runPartymq(args, options)
  expect(explained.stderr).toBe("")
  expect(explained.exitCode).toBe(0)
  expect(JSON.parse(explained.stdout)).toMatchObject({
    extractors: [{ result: 'key "dora"' }],
    key: { value: "dora" },
    placements: [{ partition: 2, partitioner: "alphabetical" }],
  })
  await using router = await serving("serve", options)
  await isReady(router)
  const overHttp = await fetch(`${router.url}/v1/topics/${topic}/messages`, {
    method: "POST",
    body: "dora;1",
  })
  expect(await overHttp.json()).toMatchObject({ key: "dora", placements: [{ partition: 2 }] })
  const connection = await connect(vhost.url)
  const publisher = await RawPublisher.open(connection, source)
  publisher.publish(rawList({}), bytesOf("bert;2"))
  await publisher.unconfirmedAtMost(0)
  await connection.shut(5_000)
  await using consumer = await consuming([topic, "--group=g", "--limit=2"], options)
  expect(await consumer.ended()).toBe(0)
  const places = consumer.lines().map(({ partition, key }) => [key, partition])
  expect(new Map(places as [string, number][])).toEqual(
    new Map([
      ["dora", 2],
      ["bert", 0],
    ]),
  )
})
