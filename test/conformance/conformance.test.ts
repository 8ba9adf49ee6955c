import { describe, expect, test } from "bun:test"
import * as v from "valibot"
import kafkaMurmur2 from "../../partitioners/kafka-murmur2.ts"
import modulusHash from "../../partitioners/modulus-hash.ts"
import {
  type Check,
  ConformanceFailure,
  keyExtractorChecks,
  partitionerChecks,
  runChecks,
} from "../../src/conformance/index.ts"
import { fmix32 } from "../../src/hash/fmix32.ts"
import { xxHash32 } from "../../src/hash/xxhash32.ts"
import {
  defineKeyExtractor,
  definePartitioner,
  type Partition,
  type Partitioner,
  type PartitionerGuarantees,
} from "../../src/plugin/contract.ts"

/** The names of the checks that fail, in order. */
function failures(checks: readonly Check[]): string[] {
  return checks.filter((check) => thrownBy(check) !== undefined).map(({ name }) => name)
}

function thrownBy({ run }: Check): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    return error
  }
}

const honest: PartitionerGuarantees = {
  deterministic: true,
  balanced: true,
  movement: "any",
  weighted: false,
}

function partitioner(
  create: (partitions: readonly Partition[]) => Partitioner,
  guarantees: Partial<PartitionerGuarantees> = {},
) {
  return definePartitioner({
    name: "under-test",
    options: v.strictObject({}),
    guarantees: { ...honest, ...guarantees },
    create: (_options, partitions) => create(partitions),
  })
}

/** A ring with virtual nodes and nothing to even it out. */
function plainRing(partitions: readonly Partition[], nodes: number): Partitioner {
  const points = partitions
    .flatMap(({ id, index }) =>
      Array.from({ length: nodes }, (_, node) => [xxHash32(Buffer.from(`${id}:${node}`)), index]),
    )
    .sort(([one], [other]) => one! - other!)
  let at = 0
  const slots = Uint16Array.from({ length: 2 ** 16 }, (_, slot) => {
    while (at < points.length && points[at]![0]! < slot * 2 ** 16) at++
    return points[at % points.length]![1]!
  })
  return (key) => slots[xxHash32(key) >>> 16]!
}

describe("liars are caught", () => {
  const n = (partitions: readonly Partition[]) => partitions.length

  test("a partitioner that throws dice", () => {
    const dice = partitioner((all) => () => Math.floor(Math.random() * n(all)))
    expect(failures(partitionerChecks(dice))).toEqual([
      "puts a key where another instance puts it",
      "places a key whatever was placed before it",
      "places by the key's bytes, not by its object",
    ])
  })

  test("a partitioner that deals in turn", () => {
    const inTurn = partitioner((all) => {
      let turn = 0
      return () => turn++ % n(all)
    })
    expect(failures(partitionerChecks(inTurn))).toContain(
      "places a key whatever was placed before it",
    )
  })

  test("a partitioner whose instances share state", () => {
    let latest = 0
    const shared = partitioner((all) => {
      latest = n(all)
      return (key) => xxHash32(key) % Math.min(latest, n(all))
    })
    expect(failures(partitionerChecks(shared))).toContain(
      "places a key whatever was placed before it",
    )
  })

  test("a partitioner that goes one beyond the last partition, once in a while", () => {
    const beyond = partitioner((all) => (key) => xxHash32(key) % (n(all) + 1))
    expect(failures(partitionerChecks(beyond))).toContain(
      "puts every key into one of the partitions",
    )
  })

  test("a partitioner that returns no integer", () => {
    for (const bad of [
      Number.NaN,
      0.5,
      -1,
      "0" as unknown as number,
      Promise.resolve(0) as never,
    ]) {
      const range = partitionerChecks(partitioner(() => () => bad)).filter(
        ({ name }) => name === "puts every key into one of the partitions",
      )
      expect([bad, failures(range).length]).toEqual([bad, 1])
    }
  })

  test("a partitioner that writes to the key", () => {
    const writing = partitioner((all) => (key) => {
      const hash = xxHash32(key)
      key[0] = 0
      return hash % n(all)
    })
    expect(failures(partitionerChecks(writing))).toContain("does not write to the key")
  })

  test("a partitioner that remembers key objects", () => {
    const remembering = partitioner((all) => {
      const seen = new Map<Uint8Array, number>()
      return (key) => {
        const known = seen.get(key) ?? xxHash32(key) % n(all)
        seen.set(key, known)
        return known
      }
    })
    expect(failures(partitionerChecks(remembering))).toContain(
      "places by the key's bytes, not by its object",
    )
  })

  test("a plain ring of 128 virtual nodes that says it is balanced", () => {
    const ring = partitioner((all) => plainRing(all, 128))
    expect(failures(partitionerChecks(ring))).toContain(
      "gives each of 64 partitions its share within 5 %",
    )
  })

  test("a partitioner with one partition 9 % too full", () => {
    const lopsided = partitioner((all) => (key) => {
      const hash = xxHash32(key)
      const fair = hash % n(all)
      // Of what belongs elsewhere, partition 0 takes as much as makes it 9 % too full.
      return fmix32(hash) / 2 ** 32 < 0.09 / (n(all) - 1) ? 0 : fair
    })
    const failed = failures(partitionerChecks(lopsided))
    expect(failed).toContain("gives each of 64 partitions its share within 5 %")
    expect(failed).toContain("gives each of 16 partitions its share within 5 %")
  })

  test("a partitioner that says it weighs and does not", () => {
    const weighted = partitioner((all) => (key) => xxHash32(key) % n(all), { weighted: true })
    expect(failures(partitionerChecks(weighted))).toEqual([
      "gives each of 3 partitions with weights from 1 to 4 its share within 5 %",
      "gives each of 64 partitions with weights from 1 to 4 its share within 5 %",
    ])
  })

  test("a modulus that says few keys move", () => {
    for (const movement of ["low", "minimal"] as const) {
      const create = (all: readonly Partition[]) => (key: Uint8Array) => xxHash32(key) % n(all)
      const failed = failures(partitionerChecks(partitioner(create, { movement })))
      expect(failed).toContain("moves few keys when partitions go from 8 to 9")
      expect(failed).toContain("moves few keys when partitions go from 64 to 65")
    }
  })

  test("a partitioner that says minimal and moves a few keys more", () => {
    const nearly = partitioner(
      (all) => {
        const ring = plainRing(all, 64)
        return (key) => (xxHash32(key) % 5000 === 0 ? n(all) % 3 : ring(key))
      },
      { movement: "minimal", balanced: false },
    )
    expect(failures(partitionerChecks(nearly))).toContain(
      "moves few keys when partitions go from 8 to 9",
    )
  })

  test("a partitioner that changes the partitions it is given", () => {
    const changing = partitioner((all) => {
      ;(all as Partition[]).reverse()
      return (key) => xxHash32(key) % n(all)
    })
    expect(failures(partitionerChecks(changing))).toContain(
      "puts every key into one of the partitions",
    )
  })

  test("a plugin that takes options it does not know", () => {
    const lax = definePartitioner({
      name: "lax",
      options: v.object({}),
      guarantees: honest,
      create: (_options, all) => (key) => xxHash32(key) % n(all),
    })
    expect(failures(partitionerChecks(lax))).toEqual(["refuses an option that it does not know"])
  })
})

describe("extractors that lie are caught", () => {
  const found = [
    { message: { headers: { k: "a" }, body: '{"k":"a"}' }, key: "a" },
    { message: { headers: { k: "b" }, body: '{"k":"b"}' }, key: "b" },
  ]
  const missing = [{}, { headers: { other: "x" }, body: "{}" }]
  const failing = (create: Parameters<typeof defineKeyExtractor>[0]["create"]) =>
    failures(
      keyExtractorChecks(defineKeyExtractor({ name: "under-test", create }), { found, missing }),
    )

  test("an honest one is not", () => {
    expect(failing(() => (message) => message.headerKey("k"))).toEqual([])
  })

  test("one that finds another key", () => {
    expect(failing(() => (message) => message.headerKey("k") && "c")).toContain("finds the key")
  })

  test("one that makes up a key", () => {
    expect(failing(() => (message) => message.headerKey("k") ?? "default")).toEqual([
      "finds no key where there is none",
    ])
  })

  test("one that remembers the last key", () => {
    const create = () => {
      let last: Uint8Array | undefined
      return (message: { headerKey(name: string): Uint8Array | undefined }) => {
        last = message.headerKey("k") ?? last
        return last
      }
    }
    expect(failing(create)).toContain("finds the same key whatever it was asked before")
  })

  test("one that changes the body, or what was parsed of it", () => {
    expect(
      failing(() => (message) => {
        message.body.fill(32)
        return message.headerKey("k")
      }),
    ).toContain("leaves the message as it was")
    expect(
      failing(() => (message) => {
        const key = message.headerKey("k")
        if (key !== undefined) (message.json() as { k?: string }).k = "changed"
        return key
      }),
    ).toEqual(["leaves the message as it was"])
  })

  test("one that trips over a body that is not what it expects", () => {
    const careless = failing(() => (message) => {
      const key = message.headerKey("k")
      return key ?? (message.body.length === 2 ? undefined : (message.json() as { k: string }).k)
    })
    expect(careless).toContain("rejects a broken message with InvalidKey or InvalidJson")
  })

  test("one that returns a promise", () => {
    expect(failing(() => (async () => "a") as never)).toContain("finds the key")
  })
})

test("only what is promised is checked, and only up to where it is promised", () => {
  const lopsided = partitioner(() => () => 0, { balanced: false })
  expect(failures(partitionerChecks(lopsided))).toEqual([])
  const names = (upToPartitions: number) =>
    partitionerChecks(partitioner(() => () => 0, { upToPartitions })).map(({ name }) => name)
  expect(names(20)).toContain("gives each of 20 partitions its share within 5 %")
  expect(names(20)).not.toContain("gives each of 64 partitions its share within 5 %")
})

test("every check becomes a test, and what it throws says what is wrong", () => {
  const registered: string[] = []
  runChecks((name) => registered.push(name), partitionerChecks(modulusHash))
  expect(registered).toEqual(partitionerChecks(kafkaMurmur2).map(({ name }) => name))
  const beyond = partitionerChecks(partitioner(() => () => 99)).map(thrownBy)
  const failure = beyond.find((error) => error instanceof ConformanceFailure)
  expect(String(failure)).toContain(
    "went to 99; with 1 partitions it must be an integer from 0 to 0",
  )
})
