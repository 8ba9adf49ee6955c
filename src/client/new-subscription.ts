import type { Delivery } from "../broker/content-reader.ts"
import { type Suspicion, suspicionOf } from "../core/consume/suspicion.ts"
import { deliveredBefore } from "../core/delivered-before.ts"
import { consumedMessage, deliveryView, type MessagePlace } from "./consumed-message.ts"
import type { KeyReading } from "./key-reading.ts"
import { markerOf } from "./parking-marker.ts"
import { Subscription, type SubscriptionOptions } from "./subscription.ts"

type Given = Pick<SubscriptionOptions, "prefetch" | "consumerTag" | "ready" | "ended"> & {
  /** Infinite where the broker does not count deliveries. */
  readonly deliveriesMax: number
}

/** A subscription to a partition queue. */
export function newSubscription(
  place: MessagePlace,
  keyReading: KeyReading,
  given: Given & Pick<SubscriptionOptions, "admitted">,
): Subscription {
  const readKeys = keyReading.reader()
  const suspect = suspicionReader(given.deliveriesMax)
  return new Subscription({
    ...given,
    place,
    read(delivery) {
      const view = deliveryView(delivery)
      const { key, keys } = readKeys(view)
      const message = consumedMessage(place, delivery, view, key)
      const suspicion = suspect(delivery)
      return { message, keys: suspicion.kind === "none" ? keys : "alone", suspicion }
    },
  })
}

/** A subscription to the queue of a parked key: its messages go one after the other. */
export function replaySubscription(
  place: MessagePlace,
  key: Uint8Array,
  given: Given,
): Subscription {
  const suspect = suspicionReader(given.deliveriesMax)
  return new Subscription({
    ...given,
    place,
    read(delivery) {
      const suspicion = suspect(delivery)
      const message = consumedMessage(place, delivery, deliveryView(delivery), key)
      const marker = markerOf(delivery)
      return { message, keys: "alone", suspicion, ...(marker !== undefined && { marker }) }
    },
  })
}

/** Tells it of the deliveries of one subscription, in their order. */
function suspicionReader(deliveriesMax: number): (delivery: Delivery) => Suspicion {
  let isFirst = true
  return (delivery) => {
    const counted = { deliveredBefore: deliveredBefore(delivery), isFirst }
    isFirst = false
    return suspicionOf(counted, deliveriesMax)
  }
}
