import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { isReady, serving } from "../cli/serving.ts"

/** What is promised, whatever is sent. */
export const residentBytesMax = 256 * 1024 * 1024

/** Elsewhere the system does not keep the peak. */
export const canMeasure = process.platform === "linux"

/** A router in a process of its own, as people run it, that is ready. */
export async function measuredRouter(config: ConfigInput) {
  const folder = mkdtempSync(join(tmpdir(), "partymq-test-"))
  writeFileSync(join(folder, "partymq.config.json"), JSON.stringify(config))
  const router = await serving("serve", { folder })
  const dispose = async () => {
    await router[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await isReady(router)
  } catch (error) {
    await dispose()
    throw error
  }
  const { pid } = router.child
  return {
    url: router.url,
    /** The most that was ever resident. */
    peakBytes: () => peakOf(pid),
    /** The sum of a metric's values over its labels. */
    metric: async (name: string) =>
      sumOf(await (await fetch(`${router.url}/metrics`)).text(), name),
    [Symbol.asyncDispose]: dispose,
  }
}

function peakOf(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
  return Number(kilobytes) * 1024
}

function sumOf(metrics: string, name: string): number {
  const values = [...metrics.matchAll(new RegExp(`^${name}\\S* (\\d+)$`, "gm"))]
  return values.reduce((sum, [, value]) => sum + Number(value), 0)
}
