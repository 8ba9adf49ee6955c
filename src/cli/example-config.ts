import type { ConfigInput } from "../config/schema/config-schema.ts"

/** What `partymq dev` runs when there is no configuration: two teams that read the same orders. */
export const exampleConfig: ConfigInput = {
  // An example is for its own machine.
  http: { host: "127.0.0.1" },
  topics: {
    orders: {
      source: { queue: "orders.source" },
      key: [
        { use: "header", name: "partitionKey" },
        { use: "jsonpath", path: "$.customer.id" },
      ],
      groups: {
        billing: { partitions: 8, partitioner: { use: "consistent-hash" } },
        shipping: { partitions: 4, partitioner: { use: "rendezvous-hash" } },
      },
    },
  },
}
