import { expect, test } from "bun:test"
import { environmentWarnings } from "../../src/config/environment-warnings.ts"

const warned = (environment: { readonly [name: string]: string }) =>
  environmentWarnings(environment).map(({ message }) => message)

test("a mistyped variable is warned of, with the name that it may have meant", () => {
  const environment = {
    ...{ PARTYMQ_HTTP_PROT: "80", PARTYMQ_AMQP_URI: "amqp://u:hush@h", PARTYMQ_AMQP_URL_FIEL: "f" },
    PARTYMQ_KEY_CONFIG_SORCE: "body",
  }
  const names = ["PARTYMQ_HTTP_PORT", "PARTYMQ_AMQP_URL", "PARTYMQ_AMQP_URL_FILE"]
  const meant = [...names, "PARTYMQ_KEY_CONFIG_SOURCE"]
  const expected = Object.keys(environment).map(
    (name, at) => `${name}: nothing reads a variable of that name; did you mean ${meant[at]}?`,
  )
  expect(warned(environment)).toEqual(expected)
})

test("variables that are read, empty, or somebody else's are not warned of", () => {
  const read = { PARTYMQ_HTTP_PORT: "1", PARTYMQ_RABBIT_CS_FILE: "f", PARTYMQ_CONFIG: "c" }
  const ofService = {
    PARTYMQ_PORT: "tcp://10.0.0.1:8085",
    PARTYMQ_SERVICE_HOST: "10.0.0.1",
    PARTYMQ_SERVICE_PORT: "8085",
    PARTYMQ_PORT_8085_TCP_ADDR: "10.0.0.1",
  }
  const others = {
    PARTYMQ_URL: "http://h",
    PARTYMQ_TEST_LOG: "debug",
    PARTYMQ_TEAM: "a",
    PROT: "1",
  }
  expect(warned({ ...read, ...ofService, ...others, PARTYMQ_HTTP_PROT: "" })).toEqual([])
})
