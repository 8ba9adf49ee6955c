import type { PrivateNode } from "../../src/local-broker/private-node.ts"
import { rabbitmqPrograms } from "../../src/local-broker/rabbitmq-programs.ts"
import { startPrivateNode } from "../../src/local-broker/start-private-node.ts"

/** A broker that a test may break: killed, restarted, stopped at will. */
export interface PrivateBroker {
  readonly url: string
  readonly managementUrl: string
  /** Of RabbitMQ. */
  readonly version: string
  /** Of the node, to suspend it (`process.kill(pid, "SIGSTOP")`); another after `restart`. */
  readonly pid: number
  /** Kills the node without warning and waits until it is gone. */
  kill9(): Promise<void>
  /** Starts it again after `kill9`, kills it first if it runs: same ports, same messages. */
  restart(): Promise<void>
  /** Stops it for good and removes its files. Idempotent. */
  stop(): Promise<void>
  /** `rabbitmqctl` (about a second a call); answers what it prints. */
  ctl(...args: readonly string[]): Promise<string>
}

/** Whether this machine can start one; without, `describe.skipIf(!canStartPrivateBroker)`. */
export const canStartPrivateBroker = rabbitmqPrograms() !== undefined

/** Starts a broker (some 8 s) that only the caller uses and has to stop. */
export async function startPrivateBroker(): Promise<PrivateBroker> {
  const programs = rabbitmqPrograms()
  if (!programs) throw new Error("a private broker needs rabbitmq-server on this machine")
  const node: PrivateNode = await startPrivateNode(programs)
  return {
    url: node.url,
    managementUrl: node.managementUrl,
    version: node.version,
    get pid() {
      return node.pid
    },
    kill9: () => node.kill9(),
    restart: async () => {
      await node.kill9()
      await node.start()
    },
    stop: () => node.stop(),
    ctl: (...args) => node.ctl(...args),
  }
}
