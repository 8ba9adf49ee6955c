import { hashExchange } from "./hash-exchange.ts"

export const modulusHashExchange = hashExchange("x-modulus-hash")
