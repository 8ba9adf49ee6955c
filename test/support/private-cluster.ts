import { appendFileSync, copyFileSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { nodePorts, PrivateNode } from "../../src/local-broker/private-node.ts"
import {
  type RabbitmqPrograms,
  rabbitmqPrograms,
} from "../../src/local-broker/rabbitmq-programs.ts"
import { retriedOnPortClash } from "../../src/local-broker/start-private-node.ts"
import { makeTemporaryNodeDirectory } from "../../src/local-broker/temporary-node-directory.ts"

/** Three RabbitMQ nodes of this process that are one cluster, over loopback only. */
export interface PrivateCluster {
  readonly nodes: readonly [PrivateNode, PrivateNode, PrivateNode]
  /** Stops all of them and removes their files. Idempotent. */
  stop(): Promise<void>
}

/** Starts a cluster (some 20 s, 150 MB a node) that only the caller uses and has to stop. */
export async function startPrivateCluster(): Promise<PrivateCluster> {
  const programs = rabbitmqPrograms()
  if (!programs) throw new Error("a private cluster needs rabbitmq-server on this machine")
  return retriedOnPortClash(() => started(programs))
}

async function started(programs: RabbitmqPrograms): Promise<PrivateCluster> {
  const { epmd } = await nodePorts()
  const made: PrivateNode[] = []
  for (const name of nodeNames) {
    const directory = makeTemporaryNodeDirectory()
    const [first] = made
    if (first !== undefined) shareCookie(first.directory, directory)
    const ports = { ...(await nodePorts()), epmd }
    const node = new PrivateNode({ directory, temporary: true, programs, ports, name })
    // The first is a cluster of one to begin with; the others wait for it and join.
    const settings = first === undefined ? clusterSettings : [...clusterSettings, ...joinSettings]
    appendFileSync(join(directory, "rabbitmq.conf"), settings.map((line) => `${line}\n`).join(""))
    made.push(node)
  }
  const nodes = made as [PrivateNode, PrivateNode, PrivateNode]
  const cluster = {
    nodes,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
  try {
    await nodes[0].start()
    await Promise.all(nodes.slice(1).map((node) => node.start()))
    return cluster
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

const nodeNames = ["partymq-a@localhost", "partymq-b@localhost", "partymq-c@localhost"] as const
const clusterSettings = ["cluster_partition_handling = pause_minority"]
const joinSettings = [
  "cluster_formation.peer_discovery_backend = classic_config",
  `cluster_formation.classic_config.nodes.1 = ${nodeNames[0]}`,
]

/** Nodes talk to each other, and to their command line tools, only with the same cookie. */
function shareCookie(from: string, to: string): void {
  mkdirSync(join(to, "home"), { recursive: true })
  copyFileSync(join(from, "home", ".erlang.cookie"), join(to, "home", ".erlang.cookie"))
}
