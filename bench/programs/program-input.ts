import { followLauncher } from "../../src/local-broker/follow-launcher.ts"

/** What `startProgram` has given this process, which ends with the one that started it. */
export function programInput<Input>(): Input {
  followLauncher(() => process.exit(1))
  return JSON.parse(process.argv[2]!) as Input
}

/** Says that it is done, and stays: what the process has used is read afterwards. */
export async function done(result = ""): Promise<never> {
  console.log(`done ${result}`)
  for (;;) await Bun.sleep(60_000)
}

/** Says that it is ready and waits for the word to go on. */
export async function readyToGo(): Promise<void> {
  console.log("ready")
  for await (const _line of console) return
}
