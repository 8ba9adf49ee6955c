import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { directoryVariable, rabbitmqPrograms } from "../../src/local-broker/rabbitmq-programs.ts"

describe("with PARTYMQ_RABBITMQ_BIN", () => {
  let directory: string
  const before = process.env[directoryVariable]
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "partymq-bin-"))
    process.env[directoryVariable] = directory
  })
  afterEach(() => {
    rmSync(directory, { recursive: true })
    if (before === undefined) delete process.env[directoryVariable]
    else process.env[directoryVariable] = before
  })
  const add = (...names: string[]) => {
    for (const name of names) writeFileSync(join(directory, name), "")
  }

  test("that directory's programs are used, its port mapper too", () => {
    add("rabbitmq-server", "rabbitmqctl", "epmd")
    expect(rabbitmqPrograms()).toEqual({
      server: join(directory, "rabbitmq-server"),
      ctl: join(directory, "rabbitmqctl"),
      epmd: join(directory, "epmd"),
    })
  })

  test("a directory without them is refused, rather than another RabbitMQ taken", () => {
    add("rabbitmq-server")
    expect(rabbitmqPrograms).toThrow(`PARTYMQ_RABBITMQ_BIN is "${directory}"`)
  })

  test("an empty one counts as not set", () => {
    process.env[directoryVariable] = ""
    expect(rabbitmqPrograms()?.server).not.toStartWith(directory)
  })
})
