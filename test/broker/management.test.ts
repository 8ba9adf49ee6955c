import { describe, expect, test } from "bun:test"
import { BrokerError } from "../../src/broker/broker-error.ts"
import { createManagement, type Management } from "../../src/broker/management.ts"
import { readQueue } from "../../src/broker/queue-reader.ts"
import type { AmqpConfig } from "../../src/config/config.ts"
import { connect } from "../support/raw-client.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

/** What is told of consumers may be five seconds old. */
const slowMs = 20_000

const amqp = (urls: Pick<AmqpConfig, "url" | "managementUrl">): AmqpConfig => ({
  heartbeatSeconds: 10,
  confirmTimeoutMs: 30_000,
  ...urls,
})

describe("the management API", () => {
  const vhost = withVhost()

  function management(): Management {
    const { url, managementUrl } = vhost
    return createManagement(amqp({ url, managementUrl }))!
  }

  for (const type of ["classic", "quorum"]) {
    test(`tells what a ${type} queue holds, and who is subscribed to it, and cuts that one off`, async () => {
      const queue = unique("queue")
      const connection = await connect(vhost.url)
      const channel = await connection.plainChannel()
      await channel.queueDeclare(queue, { durable: true }, { "x-queue-type": type })
      // Its name contains the other's.
      await channel.queueDeclare(`${queue}.2`, { durable: true }, { "x-queue-type": type })
      await channel.confirmSelect()
      for (let message = 0; message < 5; message++) await channel.basicPublish("", queue, "m")
      const member = await connect(vhost.url)
      let lost = ""
      member.onLost = (reason) => {
        lost = reason
      }
      const options = { prefetch: 2, consumerTag: "pod-1", delivered: () => {}, ended: () => {} }
      await readQueue(member, queue, options)

      const isCounted = async () =>
        Bun.deepEquals(await management().totals(queue), { ready: 3, unacked: 2, type })
      await until(isCounted, { what: "its messages to be counted", timeoutMs: slowMs })
      expect(await management().totals(`${queue}.2`)).toEqual({ ready: 0, unacked: 0, type })
      expect(await management().consumers(`${queue}.2`)).toEqual([])
      const consumers = () => management().consumers(queue)
      const isTold = async () => (await consumers()).length === 1
      await until(isTold, { what: "its consumer to be told", timeoutMs: slowMs })
      const [consumer] = await consumers()
      expect(consumer).toMatchObject({ consumerTag: "pod-1", isActive: true })

      expect(await management().closeConnection(consumer!.connection, "fenced")).toBe(true)
      await until(() => lost, { what: "the connection to be closed" })
      expect(lost).toContain("fenced")
      await until(
        async () => !(await management().closeConnection(consumer!.connection, "again")),
        {
          what: "the connection to be gone",
        },
      )
      await connection.shut(slowMs)
    }, 60_000)
  }

  test("tells which queues are bound to an exchange", async () => {
    const [exchange, queue] = [unique("exchange"), unique("queue")]
    const connection = await connect(vhost.url)
    const channel = await connection.plainChannel()
    await channel.exchangeDeclare(exchange, "direct")
    await channel.exchangeDeclare(`${exchange}.2`, "direct")
    await channel.exchangeBind(`${exchange}.2`, exchange, "key")
    await channel.queueDeclare(queue)
    expect(await management().bindings(exchange)).toEqual([])
    await channel.queueBind(queue, exchange, "a/key %")
    expect(await management().bindings(exchange)).toEqual([{ queue, routingKey: "a/key %" }])
    await channel.queueDelete(queue)
    await connection.shut(slowMs)
  })

  test("says of what does not exist that it does not", async () => {
    expect(await management().totals("nothing")).toBeUndefined()
    expect(await management().consumers("nothing")).toEqual([])
    expect(await management().bindings("nothing")).toEqual([])
    expect(await management().closeConnection("nothing", "")).toBe(false)
  })

  test("is not there when none is configured", () => {
    expect(createManagement(amqp({ url: vhost.url }))).toBeUndefined()
  })

  test("names neither user nor password when it refuses or cannot be reached", async () => {
    const { managementUrl } = vhost
    const wrong = managementUrl.replace("http://", "http://somebody:s3cret@")
    for (const url of [wrong, "http://somebody:s3cret@127.0.0.1:1"]) {
      const asked = createManagement(amqp({ url: vhost.url, managementUrl: url }))!
      const error = await asked.totals("q").catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(BrokerError)
      expect((error as BrokerError).code).toBe("management")
      expect((error as BrokerError).message).not.toMatch(/somebody|s3cret/)
    }
  })
})
