/** `bun run test:chaos --seed S --minutes M`: the fault suite in its long form. */
import { randomInt } from "node:crypto"
import { parseArgs } from "node:util"
import { ChaosRun } from "./chaos-run.ts"
import { allFaults } from "./faults/all-faults.ts"
import type { Fault } from "./faults/fault.ts"
import { reportText } from "./report-text.ts"

const usage = `usage: bun run test:chaos [options]
  --seed S              the same faults in the same order as in an earlier run
  --minutes M           how long faults are injected (default 10)
  --routers N           replicas (default 1 or 2, by the seed)
  --faults WORDS        only the kinds in whose name one of these words is, separated by commas
  --output text|json    the report (default text)`

function options() {
  const text = { type: "string" } as const
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      ...{ seed: text, minutes: text, routers: text, faults: text, output: text },
      help: { type: "boolean" },
    },
  })
  const seed = number("seed", values.seed, randomInt(2 ** 31))
  return {
    seed,
    minutes: number("minutes", values.minutes, 10),
    routers: number("routers", values.routers, 1 + (seed % 2)),
    faults: faultsNamed(values.faults),
    isJson: values.output === "json",
    isHelp: values.help === true,
  }
}

function faultsNamed(words = ""): readonly Fault[] {
  const named = allFaults.filter(({ kind }) => words.split(",").some((word) => kind.includes(word)))
  if (named.length > 0) return named
  throw new Error(
    `--faults is "${words}"; there are ${allFaults.map(({ kind }) => kind).join(", ")}`,
  )
}

function number(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text)
  if (value > 0) return value
  throw new Error(`--${name} is "${text}"; a number above 0 is allowed`)
}

async function main(): Promise<number> {
  const { seed, minutes, routers, faults, isJson, isHelp } = options()
  if (isHelp) {
    console.log(usage)
    return 0
  }
  const say = (line: string) => console.error(`chaos: ${line}`)
  say(`seed ${seed}, ${minutes} minutes, ${routers} routers`)
  const run = new ChaosRun({ seed, minutes, replicas: routers, faults, onProgress: say })
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, async () => {
      say(`${signal}: stopping what was started`)
      await run.stop()
      process.exit(130)
    })
  }
  const report = await run.run()
  console.log(isJson ? JSON.stringify(report, null, 2) : reportText(report))
  return report.violations.length === 0 ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`chaos: ${(error as Error).message}`)
  process.exitCode = error instanceof Error && error.message.startsWith("--") ? 2 : 1
}
