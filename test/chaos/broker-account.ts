import { randomBytes } from "node:crypto"
import { management } from "../support/management.ts"
import type { PrivateBroker } from "../support/private-broker.ts"

export const user = "chaos"

/** A user of the run's own on its broker, with a password that cannot be mistaken for another word. */
export class BrokerAccount {
  readonly password = randomBytes(12).toString("hex")
  readonly #broker: PrivateBroker

  static async create(broker: PrivateBroker): Promise<BrokerAccount> {
    const account = new BrokerAccount(broker)
    const { password } = account
    await account.ask("PUT", `/api/users/${user}`, { password, tags: "administrator" })
    const everything = { configure: ".*", write: ".*", read: ".*" }
    await account.ask("PUT", `/api/permissions/%2F/${user}`, everything)
    return account
  }

  private constructor(broker: PrivateBroker) {
    this.#broker = broker
  }

  get url(): string {
    return this.urlAt(Number(new URL(this.#broker.url).port))
  }

  urlAt(port: number): string {
    return `amqp://${user}:${this.password}@127.0.0.1:${port}/%2F`
  }

  /** One call of the management API. */
  ask<Answer>(method: "GET" | "PUT" | "DELETE", path: string, content?: unknown): Promise<Answer> {
    return management<Answer>(method, path, content, this.#broker)
  }
}
