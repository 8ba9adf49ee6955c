import { connect } from "../../support/raw-client.ts"
import { until } from "../../support/until.ts"
import type { Scene } from "../scene.ts"
import { declaredAgain } from "./declared-again.ts"
import { type Fault, lasting } from "./fault.ts"
import { whileDrained } from "./while-drained.ts"

/** Like none of the configured ones, yet in order and without loss. Classic: its count is fresh. */
const otherArguments = {
  "x-queue-type": "classic",
  "x-single-active-consumer": true,
  "x-max-length": 100_000,
}
const emptyTimeoutMs = 30_000
/** How often the routers have to set up again while the queue is not theirs. */
const reconnectShare = 0.5

/**
 * Somebody else deletes a partition queue and declares it with other arguments; later it is put right,
 * with the routers cut off, so that nothing can get into it any more when it is found empty.
 */
export const queueReplaced: Fault = {
  kind: "queue replaced by somebody else's",
  isAlone: true,
  async inject(scene, random) {
    const queue = random.pick(random.pick(scene.groups).queues)
    await whileDrained(scene, () => replace(scene, queue))
    if (random.next() < reconnectShare) scene.proxy.resetAll()
    await lasting(random, 1_000, 4_000)
    const { weather } = scene.proxy
    try {
      weather.isRefusing = true
      scene.proxy.resetAll()
      await until(() => isEmpty(scene, queue), {
        what: "the queue with other arguments to be empty",
        timeoutMs: emptyTimeoutMs,
      })
      await remove(scene, queue)
    } finally {
      weather.clear()
    }
    await declaredAgain(scene)
  },
}

/** A router that finds it missing may be faster. */
async function replace(scene: Scene, queue: string): Promise<void> {
  const attempt = async () => {
    await remove(scene, queue)
    const connection = await connect(scene.account.url)
    try {
      const channel = await connection.plainChannel()
      return await channel.queueDeclare(queue, { durable: true }, otherArguments).catch(() => {})
    } finally {
      await connection.shut(1_000)
    }
  }
  await until(attempt, { what: "the queue to be declared with other arguments" })
}

async function remove(scene: Scene, queue: string): Promise<void> {
  const connection = await connect(scene.account.url)
  try {
    const channel = await connection.plainChannel()
    await channel.queueDelete(queue)
  } finally {
    await connection.shut(1_000)
  }
}

async function isEmpty({ broker }: Scene, queue: string): Promise<boolean> {
  const program = `
    {ok, Queue} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"${queue}">>)),
    [{messages, Count}] = rabbit_amqqueue:info(Queue, [messages]), Count.`
  return (await broker.ctl("eval", program)).trim() === "0"
}
