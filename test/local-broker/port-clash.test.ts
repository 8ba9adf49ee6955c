import { expect, test } from "bun:test"
import { LocalBrokerError } from "../../src/local-broker/local-broker-error.ts"
import { retriedOnPortClash } from "../../src/local-broker/start-private-node.ts"

const clash = () => new LocalBrokerError("broker_start_failed", "listen_error, eaddrinuse")

test("a node whose port another process has taken meanwhile is started with others", async () => {
  let tries = 0
  const started = await retriedOnPortClash(async () => {
    tries += 1
    if (tries < 3) throw clash()
    return tries
  })
  expect(started).toBe(3)
})

test("a node that finds its ports taken again and again is given up", async () => {
  let tries = 0
  const starting = retriedOnPortClash(async () => {
    tries += 1
    throw clash()
  })
  await expect(starting).rejects.toThrow("eaddrinuse")
  expect(tries).toBe(4)
})

test("a node that cannot start for another reason is not started again", async () => {
  let tries = 0
  const starting = retriedOnPortClash(async () => {
    tries += 1
    throw new LocalBrokerError("broker_start_failed", "no cookie")
  })
  await expect(starting).rejects.toThrow("no cookie")
  expect(tries).toBe(1)
})
