import { naiveRouter } from "./naive-router.ts"

export const naiveAmqplib = naiveRouter("naive router, amqplib", "route-with-amqplib.ts")
