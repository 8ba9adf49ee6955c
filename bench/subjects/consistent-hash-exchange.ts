import { hashExchange } from "./hash-exchange.ts"

export const consistentHashExchange = hashExchange("x-consistent-hash")
