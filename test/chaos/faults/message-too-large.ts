import { setMessageBytesMax, usualMessageBytesMax } from "../../support/message-size-max.ts"
import { connect, RawPublisher } from "../../support/raw-client.ts"
import type { Random } from "../../support/seed.ts"
import { type ChaosEvent, makeEvent, propertiesOf, usualBodyBytesMax } from "../chaos-event.ts"
import { sourceQueue } from "../chaos-topic.ts"
import type { Scene } from "../scene.ts"
import { type Fault, lasting } from "./fault.ts"

/** What all others stay below. */
const lowBytesMax = usualBodyBytesMax + 5_000
const countMax = 3

/**
 * While the routers are cut off, the source is given messages that the broker takes from nobody
 * afterwards. Once the limit is raised again, and the routers have connected anew, these have to arrive
 * too. Each has a key of its own, because what is held is overtaken by what comes behind it.
 */
export const messageTooLarge: Fault = {
  kind: "messages over the size limit",
  isAlone: true,
  async inject(scene, random) {
    const { proxy } = scene
    try {
      proxy.weather.isRefusing = true
      proxy.resetAll()
      await publishLarge(scene, random)
      await setMessageBytesMax(scene.broker, lowBytesMax)
      proxy.weather.clear()
      await lasting(random, 1_000, 4_000)
    } finally {
      await setMessageBytesMax(scene.broker, usualMessageBytesMax)
      proxy.weather.clear()
      proxy.resetAll()
    }
  },
}

async function publishLarge({ account, ledger }: Scene, random: Random): Promise<void> {
  const connection = await connect(account.url)
  try {
    const publisher = await RawPublisher.open(connection, sourceQueue)
    const events = Array.from({ length: 1 + random.integer(countMax) }, () => makeLarge(random))
    for (const event of events) publisher.publish(propertiesOf(event), event.body)
    await publisher.unconfirmedAtMost(0)
    for (const event of events) ledger.confirm("amqp", event)
  } finally {
    await connection.shut(1_000)
  }
}

const makeLarge = (random: Random): ChaosEvent =>
  makeEvent("header", `large.${random.integer(2 ** 31)}`, 1, random, { bodyBytesMin: lowBytesMax })
