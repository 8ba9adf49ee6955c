import { naiveRouter } from "./naive-router.ts"

export const naiveAmqpClient = naiveRouter(
  "naive router, @cloudamqp/amqp-client",
  "route-with-amqp-client.ts",
)
