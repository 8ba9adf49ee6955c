import { closeConnection, listedConnections } from "../../support/consumer-connections.ts"
import type { Vhost } from "../../support/vhost.ts"
import type { Fleet } from "./fleet.ts"

/** A frozen member loses its connections, and with them its partitions, without hearing of it. */
export async function cutOffFrozen(
  fleet: Fleet,
  member: string,
  { vhost, topic }: { readonly vhost: Vhost; readonly topic: string },
): Promise<void> {
  for (const { name, calledByIt } of await listedConnections(vhost, member)) {
    await closeConnection(name)
    for (const group of fleet.oracles.keys()) {
      if (calledByIt.includes(` ${topic}/${group} `)) fleet.cutOff(member, group)
    }
  }
}
