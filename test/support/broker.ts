import type { Broker } from "../../src/local-broker/broker.ts"
import { findBroker } from "../../src/local-broker/find-broker.ts"

/** The broker that all tests share; for isolation take a vhost on it (`withVhost`). */
export interface TestBroker {
  /** Without a vhost: append `/` and its encoded name. */
  readonly url: string
  /** Without credentials; they are those of `url`. */
  readonly managementUrl: string
}

let started: Promise<Broker> | undefined

/** The test run's broker; one is started at the first call when a test file is run by itself. */
export async function testBroker(): Promise<TestBroker> {
  const { PARTYMQ_TEST_AMQP_URL: url, PARTYMQ_TEST_MANAGEMENT_URL: managementUrl } = process.env
  if (url && managementUrl) return { url, managementUrl }
  started ??= findBroker({ say: (line) => console.error(`partymq tests: ${line}`) })
  return testable(await started)
}

/** Stops the broker if `testBroker` started it. */
export async function stopTestBroker(): Promise<void> {
  await (await started?.catch(() => undefined))?.stop()
}

/** The tests isolate themselves by vhosts, so they need the management API. */
export function testable({ url, managementUrl }: Broker): TestBroker {
  if (!managementUrl) {
    throw new Error(
      "the broker of PARTYMQ_AMQP_URL has no management API that answers on port 15672: " +
        "set PARTYMQ_MANAGEMENT_URL, or unset PARTYMQ_AMQP_URL to have a broker started",
    )
  }
  const { protocol, username, password, host } = new URL(url)
  return { url: `${protocol}//${username}:${password}@${host}`, managementUrl }
}
