import { type Problem, problem } from "./problem.ts"

interface NamedGroup {
  readonly topic: string
  readonly group: string
  /** How many it has. */
  readonly partitions: number
}

/** The problem with a partition that the group does not have. */
export function unknownPartition(
  { topic, group, partitions }: NamedGroup,
  partition: number,
): Problem {
  const own = partitions === 1 ? "partition 0 alone" : `partitions 0 to ${partitions - 1}`
  return problem(
    "unknown_partition",
    `group "${group}" of topic "${topic}" has no partition ${partition}; it has ${own}`,
  )
}
