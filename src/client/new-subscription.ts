import { consumedMessage, deliveryView, type QueuePlace } from "./consumed-message.ts"
import type { KeyReading } from "./key-reading.ts"
import { markerOf } from "./parking-marker.ts"
import { Subscription, type SubscriptionOptions } from "./subscription.ts"

type Given = Pick<SubscriptionOptions, "prefetch" | "consumerTag" | "ready" | "ended">

/** A subscription to a partition queue. */
export function newSubscription(
  place: QueuePlace,
  keyReading: KeyReading,
  given: Given & Pick<SubscriptionOptions, "admitted">,
): Subscription {
  const readKeys = keyReading.reader()
  return new Subscription({
    ...given,
    place,
    read(delivery) {
      const view = deliveryView(delivery)
      const { key, keys } = readKeys(view)
      return { message: consumedMessage(place, delivery, view, key), keys }
    },
  })
}

/** A subscription to the queue of a parked key: its messages go one after the other. */
export function replaySubscription(place: QueuePlace, key: Uint8Array, given: Given): Subscription {
  return new Subscription({
    ...given,
    place,
    read(delivery) {
      const message = consumedMessage(place, delivery, deliveryView(delivery), key)
      const marker = markerOf(delivery, place.queueType)
      return { message, keys: "alone", ...(marker !== undefined && { marker }) }
    },
  })
}
