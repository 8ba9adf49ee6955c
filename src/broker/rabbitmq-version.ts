import type { Connection } from "./connection.ts"

/** The major version of a RabbitMQ; 0 for other brokers. */
export function rabbitmqMajor({ serverProperties }: Pick<Connection, "serverProperties">): number {
  const { product, version } = serverProperties
  if (product !== "RabbitMQ" || typeof version !== "string") return 0
  return Number.parseInt(version, 10)
}
