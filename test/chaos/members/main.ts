/** `bun run test:members --seed S --minutes M`: members that come and go, in its long form. */
import { randomInt } from "node:crypto"
import { parseArgs } from "node:util"
import { stopTestBroker } from "../../support/broker.ts"
import { MembersRun } from "./members-run.ts"

const usage = `usage: bun run test:members [options]
  --seed S              the same acts as in an earlier run
  --minutes M           how long members come and go (default 10)
  --members N           at once, at most (default 12)
  --partitions P        of each group (default 64)
  --rate R              messages a second (default 200)
  --output text|json    the report (default text)`

function number(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text)
  if (value > 0) return value
  throw new Error(`--${name} is "${text}"; a number above 0 is allowed`)
}

async function main(): Promise<number> {
  const text = { type: "string" } as const
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      ...{ seed: text, minutes: text, members: text, partitions: text, rate: text, output: text },
      help: { type: "boolean" },
    },
  })
  if (values.help === true) {
    console.log(usage)
    return 0
  }
  const say = (line: string) => console.error(`members: ${line}`)
  const options = {
    seed: number("seed", values.seed, randomInt(2 ** 31)),
    minutes: number("minutes", values.minutes, 10),
    members: number("members", values.members, 12),
    partitions: number("partitions", values.partitions, 64),
    perSecond: number("rate", values.rate, 200),
  }
  say(JSON.stringify(options))
  const run = new MembersRun({ ...options, onProgress: say })
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, async () => {
      say(`${signal}: stopping what was started`)
      await run.stop()
      await stopTestBroker()
      process.exit(130)
    })
  }
  const report = await run.run()
  const isJson = values.output === "json"
  console.log(isJson ? JSON.stringify(report, null, 2) : Bun.inspect(report, { depth: 4 }))
  return report.violations.length === 0 ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`members: ${(error as Error).message}`)
  process.exitCode = error instanceof Error && error.message.startsWith("--") ? 2 : 1
} finally {
  await stopTestBroker()
}
