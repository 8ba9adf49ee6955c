import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { findBroker } from "../src/local-broker/find-broker.ts"
import { nodePorts, PrivateNode } from "../src/local-broker/private-node.ts"
import { rabbitmqPrograms } from "../src/local-broker/rabbitmq-programs.ts"
import { makeTemporaryNodeDirectory } from "../src/local-broker/temporary-node-directory.ts"
import { testable } from "../test/support/broker.ts"
import { type Medium, storageOn, whereOn } from "./storage.ts"

export interface BenchBroker {
  /** Without a vhost. */
  readonly url: string
  readonly managementUrl: string
  /** `3.10.8`; `unknown` for a broker that was not asked. */
  readonly version: string
  /** Of the node, to measure its CPU; absent when it is somebody else's. */
  readonly pid?: number
  /** Where its data are; absent when it is somebody else's. */
  readonly medium?: Medium
  stop(): Promise<void>
}

/** With the exchange `x-modulus-hash`, which is not enabled by default. */
const plugins = "[rabbitmq_management,rabbitmq_consistent_hash_exchange,rabbitmq_sharding].\n"

/**
 * The broker of `PARTYMQ_AMQP_URL`, else a node of our own; as `findBroker`, else. One of our own has
 * its data where it is asked to, if this machine has such a place.
 */
export async function benchBroker(
  say: (line: string) => void,
  asked: Medium,
): Promise<BenchBroker> {
  const programs = process.env.PARTYMQ_AMQP_URL ? undefined : rabbitmqPrograms()
  if (programs === undefined) {
    const broker = await findBroker({ say })
    return { ...testable(broker), version: broker.version ?? "unknown", stop: () => broker.stop() }
  }
  const { medium, folder } = storageOn(asked)
  say(`starting a private RabbitMQ node with its data ${whereOn[medium]} (some 10 s)`)
  const directory = makeTemporaryNodeDirectory(folder)
  const node = new PrivateNode({ directory, temporary: true, programs, ports: await nodePorts() })
  writeFileSync(join(directory, "enabled_plugins"), plugins)
  try {
    await node.start()
  } catch (error) {
    await node.stop()
    throw error
  }
  const { url, managementUrl, version, pid } = node
  return { url, managementUrl, version, pid, medium, stop: () => node.stop() }
}
