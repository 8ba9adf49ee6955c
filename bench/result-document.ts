import { cpus, platform, release, totalmem } from "node:os"
import partymq from "../package.json" with { type: "json" }
import { type Goal, goalsOf } from "./goals.ts"
import type { Form } from "./plan.ts"
import type { PlanResult } from "./run-plan.ts"

/** All that one run of the bench found, with what it was found on. */
export interface ResultDocument extends PlanResult {
  readonly form: Form
  /** ISO, UTC. */
  readonly startedAt: string
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly memoryBytes: number
    readonly system: string
  }
  readonly versions: { readonly [name: string]: string }
  readonly goals: readonly Goal[]
}

export function resultDocument(form: Form, startedAt: Date, result: PlanResult): ResultDocument {
  return {
    form,
    startedAt: startedAt.toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      memoryBytes: totalmem(),
      system: `${platform()} ${release()}`,
    },
    versions: {
      partymq: partymq.version,
      bun: Bun.version,
      rabbitmq: result.broker.version,
      "@cloudamqp/amqp-client": partymq.dependencies["@cloudamqp/amqp-client"],
      amqplib: partymq.devDependencies.amqplib,
    },
    goals: goalsOf(result),
    ...result,
  }
}
