// Makes sure that the dependencies are there, then becomes one of their programs:
//
//   node .ci/bootstrap.mjs bun|biome|tsc [arguments]
//
// Runs on Node 20 and on Bun, and needs nothing but them. When everything is there it touches neither
// the network nor the disk.
import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { constants } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, "node_modules")
const stampFile = join(modules, ".partymq-complete")
const lockFile = join(root, ".partymq", "install.lock")
const lockWaitMsMax = 15 * 60_000
const parentCheckIntervalMs = 500

const [tool, ...args] = process.argv.slice(2)
if (!["bun", "biome", "tsc"].includes(tool)) {
  fail(`"${tool ?? ""}" is not one of bun, biome, tsc`)
}
await ensureInstalled()
run(...program(tool))

async function ensureInstalled() {
  const stamp = installationStamp()
  if (isStamped(stamp)) return
  const interrupted = await lock()
  try {
    if (isStamped(stamp)) return
    if (interrupted || !isInstalledByNpm()) await install()
    writeFileSync(stampFile, stamp)
  } finally {
    rmSync(lockFile, { force: true })
  }
}

/** What the dependencies depend on: the lockfile and the machine they are for. */
function installationStamp() {
  const lockfile = readFileSync(join(root, "package-lock.json"))
  const hash = createHash("sha256").update(lockfile).digest("hex")
  return `${hash} ${process.platform} ${process.arch}\n`
}

function isStamped(stamp) {
  return existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp
}

/** Somebody has run npm here already: its list of what it installed, written last, says what. */
function isInstalledByNpm() {
  const listFile = join(modules, ".package-lock.json")
  if (!existsSync(listFile)) return false
  const installed = JSON.parse(readFileSync(listFile, "utf8")).packages
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === "" || optional || installed[path]?.version === version,
  )
}

async function install() {
  const bun = process.versions.bun ? process.execPath : "bun"
  const [command, ...options] = isThere("npm")
    ? ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    : [bun, "install", "--no-save"]
  process.stderr.write(`partymq: installing dependencies (${command} ${options[0]})\n`)
  // On standard error, since standard output belongs to the program to come.
  const child = spawn(command, options, { cwd: root, stdio: ["ignore", 2, 2] })
  // It outlives a killed parent, and nobody else may start until it has ended as well.
  if (child.pid) writeFileSync(lockFile, `${process.pid} ${child.pid}`)
  const ended = await new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message))
    child.on("exit", (code, signal) => resolve(code ?? signal))
  })
  if (ended === 0) return
  rmSync(lockFile, { force: true })
  const line = `${command} ${options.join(" ")}`
  fail(`the dependencies could not be installed: "${line}" ended with ${ended}`)
}

/** Waits for its turn; `true` when the one before was killed, so that what is there may be torn. */
async function lock() {
  mkdirSync(dirname(lockFile), { recursive: true })
  let interrupted = false
  for (let waitedMs = 0; waitedMs < lockWaitMsMax; waitedMs += 100) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: "wx" })
      return interrupted
    } catch (error) {
      if (error.code !== "EEXIST") throw error
    }
    if (isHolderGone()) {
      interrupted = true
      rmSync(lockFile, { force: true })
    } else {
      if (waitedMs === 0) process.stderr.write("partymq: waiting for another installation\n")
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  fail(`another installation holds "${lockFile}": end it, or remove the file`)
}

/** An empty file is one that is being written. */
function isHolderGone() {
  const pids = existsSync(lockFile) ? readFileSync(lockFile, "utf8").split(" ").map(Number) : [0]
  return pids.every((pid) => pid > 0 && !isRunning(pid))
}

function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code !== "ESRCH"
  }
}

/** The command line that runs a tool. */
function program(name) {
  if (name === "bun") return [bunProgram(), args]
  const file = join(modules, ".bin", name)
  if (!existsSync(file)) fail(`"${file}" is missing: remove node_modules and try again`)
  // A script for Node runs on whatever runs this: there may be no Node.
  return firstLine(file).includes("node") ? [process.execPath, [file, ...args]] : [file, args]
}

/**
 * The `bun` package holds a placeholder until its install script has put the program there, which
 * does not happen where install scripts are not allowed. The program itself is in another package.
 */
function bunProgram() {
  const installed = join(modules, "bun", "bin", "bun.exe")
  if (existsSync(installed) && statSync(installed).size > 1_000_000) return installed
  const scope = join(modules, "@oven")
  const packages = existsSync(scope) ? readdirSync(scope) : []
  const candidates = packages.map((name) => join(scope, name, "bin", "bun"))
  if (process.versions.bun) candidates.push(process.execPath)
  const found = candidates.find((file) => spawnSync(file, ["--version"]).status === 0)
  return found ?? fail("there is no Bun for this machine in node_modules: remove it and try again")
}

/** Runs the program in place of this one: its output, its signals, its exit code. */
function run(command, commandArgs) {
  const child = spawn(command, commandArgs, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PARTYMQ_LAUNCHER_PID: String(process.pid) },
  })
  child.on("error", (error) => fail(`"${command}" does not run: ${error.message}`))
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    let forwarded = false
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the child as well, and npm passes on what it gets once more.
      if (forwarded || (signal === "SIGINT" && process.stdin.isTTY)) return
      forwarded = true
      setTimeout(() => (forwarded = false), 1_000).unref()
      child.kill(signal)
    })
  }
  followNpm(() => child.kill("SIGTERM"))
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

/** A killed npm does not take its script along. */
function followNpm(onGone) {
  if (!process.env.npm_lifecycle_event) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onGone()
  }, parentCheckIntervalMs)
  timer.unref()
}

function isThere(command) {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0
}

function firstLine(file) {
  const bytes = Buffer.alloc(64)
  readSync(openSync(file, "r"), bytes)
  return bytes.toString("latin1").split("\n")[0]
}

function fail(message) {
  process.stderr.write(`partymq: ${message}\n`)
  process.exit(1)
}
