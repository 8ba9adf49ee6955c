import { LocalBrokerError } from "./local-broker-error.ts"
import { claimPersistentNodeDirectory } from "./persistent-node-directory.ts"
import { nodePorts, PrivateNode } from "./private-node.ts"
import type { RabbitmqPrograms } from "./rabbitmq-programs.ts"
import { makeTemporaryNodeDirectory } from "./temporary-node-directory.ts"

const attemptsMax = 4

/**
 * Starts a RabbitMQ node for this process: with `persistentRoot` one that keeps its messages there,
 * without it one that leaves nothing behind.
 * @throws {LocalBrokerError} `broker_start_failed`
 */
export function startPrivateNode(
  programs: RabbitmqPrograms,
  persistentRoot?: string,
): Promise<PrivateNode> {
  return retriedOnPortClash(async () => {
    const temporary = persistentRoot === undefined
    const directory = temporary
      ? makeTemporaryNodeDirectory()
      : await claimPersistentNodeDirectory(persistentRoot)
    const node = new PrivateNode({ directory, temporary, programs, ports: await nodePorts() })
    try {
      return await node.start()
    } catch (error) {
      await node.stop()
      throw error
    }
  })
}

/**
 * Ports are looked for before they are used, so another process can come in between: then `start`, which
 * leaves nothing behind when it throws, is called again and finds others.
 */
export async function retriedOnPortClash<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      if (attempt === attemptsMax || !isPortClash(error)) throw error
    }
  }
}

function isPortClash(error: unknown): boolean {
  if (!(error instanceof LocalBrokerError)) return false
  return /eaddrinuse|address already in use|port.{0,40}in use/i.test(error.message)
}
