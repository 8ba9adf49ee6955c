import { expect, test } from "bun:test"
import { identify, isAlive, signalGroup } from "../../src/local-broker/process-identity.ts"

test("a process is itself, and dead once it has ended", async () => {
  const child = Bun.spawn(["sleep", "60"], { detached: true })
  const identity = identify(child.pid)!
  expect(identity.pid).toBe(child.pid)
  expect(isAlive(identity)).toBe(true)
  signalGroup(identity, "SIGKILL")
  await child.exited
  expect(isAlive(identity)).toBe(false)
  expect(identify(child.pid)).toBeUndefined()
})

test("another process with the same number is left alone", async () => {
  const child = Bun.spawn(["sleep", "60"], { detached: true })
  const stranger = { pid: child.pid, startedAt: "at another time" }
  expect(isAlive(stranger)).toBe(false)
  signalGroup(stranger, "SIGKILL")
  expect(isAlive(identify(child.pid)!)).toBe(true)
  child.kill("SIGKILL")
  expect(await child.exited).not.toBe(0)
})
