import { describe, expect, test } from "bun:test"
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findBroker } from "../../src/local-broker/find-broker.ts"
import { startPrivateNode } from "../../src/local-broker/start-private-node.ts"
import { temporaryNodesRoot } from "../../src/local-broker/temporary-node-directory.ts"

describe("findBroker", () => {
  test("takes the broker that is given and leaves it alone", async () => {
    const broker = await findBroker({ url: "amqp://127.0.0.1:1", managementUrl: "http://h:2/" })
    expect(broker).toMatchObject({
      kind: "given",
      url: "amqp://127.0.0.1:1",
      managementUrl: "http://h:2",
    })
    await broker.stop()
  })

  test("does without a management API that does not answer", async () => {
    const broker = await findBroker({ url: "amqp://u:p@127.0.0.2:1" })
    expect(broker.managementUrl).toBeUndefined()
  })

  test("lists the three ways out where there is none", async () => {
    const source = `
      const { findBroker } = await import(${JSON.stringify(sourceFile("find-broker.ts"))})
      await findBroker().catch((error) => console.log(error.code, error.message))
    `
    const mocked = `
      const { mock } = await import("bun:test")
      mock.module(${JSON.stringify(sourceFile("rabbitmq-programs.ts"))}, () => ({ rabbitmqPrograms: () => undefined }))
      mock.module(${JSON.stringify(sourceFile("container-broker.ts"))}, () => ({ mayHaveContainers: () => false, containerBroker: () => undefined }))
      mock.module(${JSON.stringify(sourceFile("apt-install.ts"))}, () => ({ canInstallWithApt: () => false, aptInstall: () => undefined }))
    `
    const env = { ...process.env, PARTYMQ_AMQP_URL: "" }
    const child = Bun.spawn([process.execPath, "-e", mocked + source], { env, stdout: "pipe" })
    const said = await child.stdout.text()
    expect(said).toStartWith("no_broker ")
    for (const way of ["PARTYMQ_AMQP_URL", "rabbitmq-server", "Docker"]) expect(said).toContain(way)
  })
})

describe("a node that cannot start", () => {
  test("is reported with the end of its log, without credentials, and leaves nothing", async () => {
    const directory = mkdtempSync(join(tmpdir(), "partymq-broken-"))
    const server = join(directory, "rabbitmq-server")
    writeFileSync(server, "#!/bin/sh\necho the disk is on fire\necho password: hunter2\nexit 3\n")
    chmodSync(server, 0o755)
    const epmd = Bun.which("true")!
    const failure = await startPrivateNode({ server, ctl: server, epmd }).catch((error) => error)
    rmSync(directory, { recursive: true })
    expect(failure).toMatchObject({ name: "LocalBrokerError", code: "broker_start_failed" })
    expect(failure.message).toContain("the disk is on fire")
    expect(failure.message).not.toContain("hunter2")
    const made = /node in "([^"]+)"/.exec(failure.message)?.[1]
    expect(made).toStartWith(temporaryNodesRoot())
    expect(existsSync(made!)).toBe(false)
  })
})

function sourceFile(name: string): string {
  return join(import.meta.dir, "../../src/local-broker", name)
}
