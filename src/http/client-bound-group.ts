import { type Problem, problem } from "./problem.ts"

/** The problem with a group whose consumers are clients, asked for what only other groups have. */
export function clientBoundGroup(topic: string, group: string): Problem {
  const fact = `group "${group}" of topic "${topic}" has clients and no members`
  return problem("client_bound_group", `${fact}; GET /v1/topics/${topic} shows them`)
}
