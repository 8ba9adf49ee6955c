import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { partitionQueue } from "../../src/core/generation.ts"
import { keyBytes } from "../../src/core/key.ts"
import { launcherVariable } from "../../src/local-broker/follow-launcher.ts"
import { loadPartitioner } from "../../src/plugin/load-partitioner.ts"
import { partitionSet } from "../../src/plugin/partition-set.ts"
import { isReady, serving } from "../../test/cli/serving.ts"
import type { BenchVhost } from "../bench-vhost.ts"
import { sourceQueue } from "../source.ts"
import { headerName, type Workload } from "../workload.ts"

export const topic = "bench"

/** Where to put a CPU profile of each router; see CONTRIBUTING.md. */
const { PARTYMQ_BENCH_PROFILE: profiles } = process.env
const profileFolder = profiles === undefined ? undefined : resolve(profiles)
const profiling = (folder: string) => `--cpu-prof --cpu-prof-dir=${folder}`

/** `partymq serve` in a process of its own, with everything at its default that the workload leaves open. */
export async function partymqProcess(
  { url }: BenchVhost,
  workload: Workload,
  { source }: { readonly source: boolean },
) {
  const { partitions, queueType: type } = workload
  const groups = Array.from({ length: workload.groups }, (_, index) => `group-${index}`)
  const config: ConfigInput = {
    amqp: { url },
    http: { host: "127.0.0.1", port: 0 },
    topics: {
      [topic]: {
        ...(source && { source: { queue: sourceQueue, type } }),
        key: [
          workload.keyFrom === "header"
            ? { use: "header", name: headerName }
            : { use: "jsonpath", path: "$.customer.id" },
        ],
        deadLetter: { type },
        groups: Object.fromEntries(groups.map((name) => [name, { partitions, queue: { type } }])),
      },
    },
  }
  const folder = mkdtempSync(join(tmpdir(), "partymq-bench-"))
  writeFileSync(join(folder, "partymq.config.json"), JSON.stringify(config))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const profile = profileFolder === undefined ? {} : { BUN_OPTIONS: profiling(profileFolder) }
    const environment = { [launcherVariable]: String(process.pid), ...profile }
    const router = await serving("serve", { folder, environment })
    const stop = async () => {
      if (profileFolder !== undefined) {
        // Its profile is written when it ends by itself.
        router.child.kill("SIGTERM")
        await router.child.exited
      }
      await router[Symbol.asyncDispose]()
      remove()
    }
    await isReady(router).catch(async (error) => {
      await stop()
      throw error
    })
    return {
      url: router.url,
      contender: {
        pid: router.child.pid,
        queues: groups.map((group) =>
          Array.from({ length: partitions }, (_, index) => partitionQueue(topic, group, 1, index)),
        ),
        partitionOf: await defaultPlacement(partitions),
      },
      stop,
    }
  } catch (error) {
    remove()
    throw error
  }
}

async function defaultPlacement(count: number): Promise<(key: string) => number> {
  const partitions = partitionSet(count)
  const { partition } = await loadPartitioner(
    { use: "consistent-hash" },
    { baseDir: ".", partitions },
  )
  return (key) => partition(keyBytes(key)!)
}
