/** Why a client is refused, for those who run it. */
export const reclaiming =
  "the messages that it left in its queue are being given to others; try again in a moment"

export const unknown = (client: string): string =>
  `client "${client}" is not known, or was not heard of for too long: bind first`

export const unseen = (exchange: string, routingKey: string): string =>
  `no queue is bound to exchange "${exchange}" with routing key "${routingKey}": bind it, then say that it is ready`

export const cameBack = (client: string): string =>
  `messages for client "${client}" came back: its queue is not bound; bind it, then say that it is ready`
