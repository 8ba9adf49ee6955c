#!/usr/bin/env bun
import { followLauncher } from "../local-broker/follow-launcher.ts"
import { runCli } from "./run-cli.ts"

followLauncher(() => process.exit(1))

const exitCode = await runCli(process.argv.slice(2))
// What is written has to be out before the process ends; a socket left open must not keep it alive.
process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)))
