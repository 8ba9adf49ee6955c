import { expect, test } from "bun:test"
import { AMQPClient } from "@cloudamqp/amqp-client"
import { clientsRecord } from "../../../src/core/generation.ts"
import { unique } from "../../support/unique.ts"
import { until } from "../../support/until.ts"
import { withVhost } from "../../support/vhost.ts"
import { clientScene, owners, untilShared } from "./client-scene.ts"

const vhost = withVhost()
const { served, client } = clientScene(vhost)

test("a record that somebody deletes is written anew, and what it says outlives the router", async () => {
  const topic = unique("record")
  const first = await served(topic)
  const pods = [client(first, "one"), client(first, "two")]
  await pods[0]!.start()
  await untilShared(first)
  const connection = await new AMQPClient(vhost.url).connect()
  const channel = await connection.channel()
  await channel.queueDelete(clientsRecord(topic, "pods"))
  await pods[1]!.start()
  const isWritten = async () => {
    // To ask for a queue that is not there closes the channel.
    const asking = await connection.channel()
    try {
      const asked = await asking.queueDeclare(clientsRecord(topic, "pods"), { passive: true })
      return asked.messageCount === 1
    } catch {
      return false
    }
  }
  await until(isWritten, { what: "the record to be there again" })
  const isShared = () => new Set(owners(first)).size === 2 && !owners(first).includes(undefined)
  await until(isShared, { what: "each to have some" })
  const shares = owners(first)
  await first.stop()
  const second = await served(topic)
  await until(() => owners(second).every((owner) => owner !== undefined), { what: "owners" })
  expect(owners(second)).toEqual(shares)
  await connection.close()
}, 60_000)
