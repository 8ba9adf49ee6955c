import { expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { caseName, plans } from "../../bench/plan.ts"
import type { ResultDocument } from "../../bench/result-document.ts"
import { storageOn } from "../../bench/storage.ts"
import { launcherVariable } from "../../src/local-broker/follow-launcher.ts"

const program = join(import.meta.dir, "../../bench/main.ts")
const timeoutMs = 120_000

test(
  "the bench runs every subject, checks what came of it and writes tables, figures and a chart",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "partymq-test-"))
    const args = ["--smoke", "--output", "json", "--results", folder]
    const bench = Bun.spawn([process.execPath, program, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, [launcherVariable]: String(process.pid) },
    })
    try {
      const [stdout, stderr] = await Promise.all([bench.stdout.text(), bench.stderr.text()])
      expect(await bench.exited, stderr).toBe(0)
      const { broker, cases, latency, goals } = JSON.parse(stdout) as ResultDocument
      for (const { label, missing, rounds } of cases) {
        // A broker that is not ours need not have every kind of exchange.
        if (!label.includes("x-")) expect({ label, missing }).toEqual({ label, missing: undefined })
        for (const round of rounds) expect(round.messagesPerSecond).toBeGreaterThan(0)
      }
      const isOurs = broker.medium !== undefined
      const hasBoth = (["memory", "disk"] as const).every((each) => storageOn(each).medium === each)
      const planned = [...plans.smoke.cases, ...(isOurs && hasBoth ? plans.smoke.onDisk : [])]
      expect(cases.map(caseName)).toEqual(planned.map(caseName))
      expect(latency.routed.length).toBe(1)
      expect(readFileSync(join(folder, "results.json"), "utf8")).toContain('"form": "smoke"')
      const text = readFileSync(join(folder, "results.md"), "utf8")
      for (const { figure } of goals) expect(text).toContain(`| ${figure} `)
      expect(readFileSync(join(folder, "chart.svg"), "utf8")).toMatch(/^<svg .*<\/svg>\n$/s)
    } finally {
      bench.kill()
      rmSync(folder, { recursive: true, force: true })
    }
  },
  timeoutMs,
)
