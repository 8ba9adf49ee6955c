import { aptInstall, canInstallWithApt } from "./apt-install.ts"
import type { Broker } from "./broker.ts"
import { containerBroker, mayHaveContainers } from "./container-broker.ts"
import { givenBroker } from "./given-broker.ts"
import { LocalBrokerError } from "./local-broker-error.ts"
import { rabbitmqPrograms } from "./rabbitmq-programs.ts"
import { startPrivateNode } from "./start-private-node.ts"

export interface FindBrokerOptions {
  /** A broker that is there already; nothing is looked for. @default PARTYMQ_AMQP_URL */
  readonly url?: string
  /** Its management API. @default PARTYMQ_MANAGEMENT_URL, else port 15672 of its host if it answers */
  readonly managementUrl?: string
  /**
   * Directory in which a private node keeps its messages from one start to the next (`.partymq`).
   * Without it the node is temporary.
   */
  readonly persistentRoot?: string
  /** Told what happens where it takes more than a moment. */
  readonly say?: (line: string) => void
}

const waysOut = `no RabbitMQ was found, and none could be started. Any one of these helps:
  1. set PARTYMQ_AMQP_URL to a running broker, such as amqp://guest:guest@localhost:5672
  2. install RabbitMQ on this machine, so that rabbitmq-server is there (apt install rabbitmq-server,
     brew install rabbitmq): it is started as a private node, a service is not needed
  3. start Docker: RabbitMQ then runs in a container`

/**
 * A broker to work with: the one given, else a private node of the machine's RabbitMQ, else a
 * container, else RabbitMQ from apt (Debian and Ubuntu, as root).
 * @throws {LocalBrokerError} `no_broker` with the ways out, or what went wrong with the way taken
 */
export async function findBroker(options: FindBrokerOptions = {}): Promise<Broker> {
  const { say = () => {}, persistentRoot } = options
  const url = options.url ?? process.env.PARTYMQ_AMQP_URL
  if (url) {
    return givenBroker(url, options.managementUrl ?? process.env.PARTYMQ_MANAGEMENT_URL)
  }
  const programs = rabbitmqPrograms()
  if (programs) {
    say("starting a private RabbitMQ node (some 10 s)")
    return startPrivateNode(programs, persistentRoot)
  }
  const failures: string[] = []
  if (mayHaveContainers()) {
    say("starting RabbitMQ in a container (the first time its image is downloaded)")
    try {
      return await containerBroker()
    } catch (error) {
      failures.push(`the container did not start: ${(error as Error).message}`)
    }
  }
  if (!canInstallWithApt()) throw noBroker(failures)
  say("installing RabbitMQ: apt-get install rabbitmq-server (a minute or two, only this once)")
  await aptInstall()
  const installed = rabbitmqPrograms()
  if (!installed) throw noBroker(["apt-get installed rabbitmq-server, but it is not to be found"])
  say("starting a private RabbitMQ node (some 10 s)")
  return startPrivateNode(installed, persistentRoot)
}

function noBroker(failures: readonly string[]): LocalBrokerError {
  const tried = failures.map((failure) => `\n(${failure})`).join("")
  return new LocalBrokerError("no_broker", waysOut + tried)
}
