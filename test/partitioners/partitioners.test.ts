import { describe, test } from "bun:test"
import consistentHash from "../../partitioners/consistent-hash.ts"
import jumpHash from "../../partitioners/jump-hash.ts"
import kafkaMurmur2 from "../../partitioners/kafka-murmur2.ts"
import modulusHash from "../../partitioners/modulus-hash.ts"
import rendezvousHash from "../../partitioners/rendezvous-hash.ts"
import { partitionerChecks, runChecks } from "../../src/conformance/index.ts"

describe("consistent-hash keeps what it promises", () => {
  const refusedOptions = [{ virtualNodes: 0 }, { virtualNodes: "128" }, { virtualNodes: 1.5 }]
  runChecks(test, partitionerChecks(consistentHash, { refusedOptions }))
})
describe("rendezvous-hash keeps what it promises", () => {
  runChecks(test, partitionerChecks(rendezvousHash))
})
describe("jump-hash keeps what it promises", () => {
  runChecks(test, partitionerChecks(jumpHash))
})
describe("modulus-hash keeps what it promises", () => {
  runChecks(test, partitionerChecks(modulusHash))
})
describe("kafka-murmur2 keeps what it promises", () => {
  runChecks(test, partitionerChecks(kafkaMurmur2))
})
