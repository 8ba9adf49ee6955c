#!/usr/bin/env bun
import { followLauncher } from "../local-broker/follow-launcher.ts"
import { runCli } from "./run-cli.ts"
import { allWritten } from "./standard-output.ts"

followLauncher(() => process.exit(1))

// Whoever writes is told; unheard it would end the process.
process.stdout.on("error", () => {})

const done = await runCli(process.argv.slice(2))
const unwritten = await allWritten()
const isLost = unwritten !== undefined && done === 0
if (isLost) process.stderr.write(`partymq: cannot write to stdout: ${unwritten.message}\n`)
// A socket left open must not keep it alive.
process.stderr.write("", () => process.exit(isLost ? 1 : done))
