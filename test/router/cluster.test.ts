import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { PrivateNode } from "../../src/local-broker/private-node.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { generatedChanges } from "../support/file-changes.ts"
import { GroupConsumers } from "../support/group-consumers.ts"
import { flawless, OrderOracle } from "../support/order-oracle.ts"
import { canStartPrivateBroker } from "../support/private-broker.ts"
import { type PrivateCluster, startPrivateCluster } from "../support/private-cluster.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { randomFrom, seed, seeded } from "../support/seed.ts"
import { startedRouter } from "../support/test-router.ts"
import { until } from "../support/until.ts"

if (!canStartPrivateBroker)
  console.warn("skipped: a cluster needs a rabbitmq-server on this machine")

const topic = "moved"
const encoder = new TextEncoder()
const properties = encodeProperties({ contentType: "application/json", deliveryMode: 2 })

/** Gives every quorum queue of the default virtual host another of its members for a leader. */
const moveLeaders = (node: PrivateNode, by: number) =>
  node.ctl(
    "eval",
    `[begin
        {Name, Leader} = amqqueue:get_pid(Q),
        Nodes = lists:sort(rabbit_nodes:all_running()),
        At = length(lists:takewhile(fun(N) -> N =/= Leader end, Nodes)),
        Next = lists:nth((At + ${by}) rem length(Nodes) + 1, Nodes),
        ra:transfer_leadership({Name, Leader}, {Name, Next})
      end || Q <- rabbit_amqqueue:list(), amqqueue:get_type(Q) =:= rabbit_quorum_queue].`,
  )

describe.skipIf(!canStartPrivateBroker)("a cluster of three nodes", () => {
  let cluster: PrivateCluster
  beforeAll(async () => {
    cluster = await startPrivateCluster()
  }, 90_000)
  afterAll(() => cluster?.stop())

  test(
    "whose leaders move, die and come back under load loses and reorders nothing",
    seeded(async () => {
      const random = randomFrom(seed)
      const [home, ...others] = cluster.nodes
      const router = await startedRouter({
        amqp: { url: home.url },
        topics: {
          [topic]: {
            source: { queue: `${topic}.source`, type: "classic" },
            key: [{ use: "jsonpath", path: "$.file.key" }],
            groups: { all: { partitions: 6 } },
          },
        },
      })
      const stats = router.stats.topics[topic]!
      const feed = await Feed.start(home.url)
      for (const node of random.shuffle(others)) {
        await moveLeaders(home, 1 + random.integer(2))
        const before = stats.settled
        await until(() => stats.settled > before, { what: "messages to flow after the moves" })
        await node.kill9()
        const down = stats.settled
        // More than were in flight: with a node gone, two of three go on.
        const flows = () => stats.settled > down + 2 * router.config.topics[topic]!.source!.prefetch
        await until(flows, { what: "messages to flow with a node gone", timeoutMs: 20_000 })
        feed.isPaced = true
        await node.start()
        await until(async () => (await home.ctl("eval", running)).trim() === "3", {
          what: "the node to be back",
          timeoutMs: 30_000,
        })
        feed.isPaced = false
      }
      expect(router.stats.reconnects).toEqual({ publish: 0, consume: 0, pull: 0 })
      const published = await feed.stop()
      await until(() => stats.settled === published.length, { what: "all to be routed" })
      const oracle = new OrderOracle()
      const [group] = await router.describe(topic)
      const queues = group!.queues.map(({ queue }) => queue)
      const consumers = await GroupConsumers.start(home.url, queues, 2, oracle)
      await until(() => oracle.distinct === published.length, {
        what: () => `${published.length} events to be consumed, ${oracle.distinct} are`,
        timeoutMs: 60_000,
      })
      await consumers.stop()
      expect(oracle.verdict(published)).toEqual(flawless)
      expect(stats.groups.all!.orderViolations).toBe(0)
      await router.stop()
    }),
    180_000,
  )
})

const running = "length(rabbit_nodes:all_running())."

/** Keeps publishing events to the source until it is stopped. */
class Feed {
  /** Leaves the processors to a node that starts: some 1,000 a second instead of all that can be. */
  isPaced = false
  readonly #events = generatedChanges(100_000, 5_000)
  #isStopping = false
  #sent = 0
  #fed = Promise.resolve()

  static async start(url: string): Promise<Feed> {
    const feed = new Feed()
    const connection = await connect(url)
    const publisher = await RawPublisher.open(connection, `${topic}.source`)
    feed.#fed = feed.#run(publisher).finally(() => connection.shut(5_000))
    return feed
  }

  /** Answers what was published and confirmed. */
  async stop() {
    this.#isStopping = true
    await this.#fed
    return this.#events.slice(0, this.#sent)
  }

  async #run(publisher: RawPublisher): Promise<void> {
    while (!this.#isStopping && this.#sent < this.#events.length) {
      const { text } = this.#events[this.#sent++]!
      publisher.publish(properties, encoder.encode(text))
      if (this.#sent % 100 !== 0) continue
      await publisher.unconfirmedAtMost(0)
      if (this.isPaced) await Bun.sleep(100)
    }
    await publisher.unconfirmedAtMost(0)
  }
}
