import { mkdtempSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { findBroker } from "../../src/local-broker/find-broker.ts"
import { rabbitmqPrograms } from "../../src/local-broker/rabbitmq-programs.ts"
import { type TestBroker, testable } from "../support/broker.ts"

/** Where one process at a time runs tests: a broker that it shares with nobody, and room for files. */
export interface TestPlace {
  readonly broker: TestBroker
  readonly directory: string
  close(): Promise<void>
}

const placesMax = 3

/** As many as the machine can have: where brokers cannot be started at will, there is one. */
export function placesOfMachine(): number {
  const canStartMore = !process.env.PARTYMQ_AMQP_URL && rabbitmqPrograms() !== undefined
  return canStartMore ? Math.min(availableParallelism(), placesMax) : 1
}

/** @throws {Error} when one cannot be had; none is left open then */
export async function openPlaces(count: number): Promise<[TestPlace, ...TestPlace[]]> {
  const opening = await Promise.allSettled(Array.from({ length: Math.max(1, count) }, openPlace))
  const failure = opening.find((one) => one.status === "rejected")
  const places = opening.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))
  const [first, ...others] = places
  if (failure === undefined && first !== undefined) return [first, ...others]
  await closePlaces(places)
  throw failure?.reason
}

export async function closePlaces(places: readonly TestPlace[]): Promise<void> {
  await Promise.all(places.map((place) => place.close()))
}

async function openPlace(): Promise<TestPlace> {
  const broker = await findBroker({ say: (line) => console.error(`partymq tests: ${line}`) })
  // In the node's own directory, so that it is cleaned up with it even after a kill.
  const directory = mkdtempSync(join(broker.directory ?? tmpdir(), "partymq-tests-"))
  return {
    broker: testable(broker),
    directory,
    async close() {
      rmSync(directory, { recursive: true, force: true })
      await broker.stop()
    },
  }
}
