import type { Command } from "commander"
import type { GroupDescription } from "../../http/group-schemas.ts"
import type { TopicList } from "../../http/schemas.ts"
import { askRouter, type RouterOptions, urlOption } from "../ask-router.ts"
import { CommandFailed } from "../command-failed.ts"
import { table } from "../table.ts"
import { createTerminal } from "../terminal.ts"

/** `partymq group`: the groups of a running router, their members, and who has which partition. */
export function addGroup(program: Command): void {
  const group = program.command("group").description("look at groups and their members")
  group
    .command("ls")
    .argument("[topic]")
    .description("list groups, with their members, depth and what stands still")
    .option(...urlOption)
    .action(async (topic: string | undefined, _options: unknown, command: Command) =>
      list(topic, command.optsWithGlobals<RouterOptions>()),
    )
  group
    .command("describe")
    .argument("<topic>")
    .argument("<group>")
    .description("show the members of a group, and each partition with its queue")
    .option(...urlOption)
    .action(async (topic: string, name: string, _options: unknown, command: Command) =>
      describe(topic, name, command.optsWithGlobals<RouterOptions>()),
    )
}

const described = (options: RouterOptions, topic: string, group: string) =>
  askRouter<GroupDescription>(
    options,
    `/v1/topics/${encodeURIComponent(topic)}/groups/${encodeURIComponent(group)}`,
  )

async function list(topic: string | undefined, options: RouterOptions): Promise<void> {
  const { topics } = await askRouter<TopicList>(options, "/v1/topics")
  const wanted = topics.filter((each) => topic === undefined || each.topic === topic)
  // An unknown topic is the router's to refuse.
  if (topic !== undefined && wanted.length === 0) {
    await askRouter(options, `/v1/topics/${encodeURIComponent(topic)}`)
  }
  const groups: GroupDescription[] = []
  for (const each of wanted) {
    for (const group of each.groups) {
      const found = await described(options, each.topic, group).catch(clientBound)
      if (found !== undefined) groups.push(found)
    }
  }
  const summaries = groups.map(({ topic, group, generation, partitions, members }) => ({
    topic,
    group,
    generation,
    partitions: partitions.length,
    members: members.length,
    messages: depth(partitions),
    idlePartitions: partitions.filter(({ idle }) => idle !== undefined).length,
  }))
  const heading = ["topic", "group", "generation", "partitions", "members", "messages", "idle"]
  const rows = summaries.map(({ messages, ...rest }) => {
    const { idlePartitions, ...named } = rest
    return [...Object.values(named), messages ?? "unknown", idlePartitions]
  })
  createTerminal(options).print(table(heading, rows), { groups: summaries })
}

/** A client-bound group has no members, and is not listed. */
function clientBound(error: unknown): undefined {
  if (error instanceof CommandFailed && error.code === "client_bound_group") return
  throw error
}

/** Of all partitions; `null` if the broker could not be asked of each. */
function depth(partitions: GroupDescription["partitions"]): number | null {
  const counts = partitions.map(({ messages }) => messages)
  return counts.some((count) => count === null)
    ? null
    : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
}

async function describe(topic: string, group: string, options: RouterOptions): Promise<void> {
  const description = await described(options, topic, group)
  const { members, partitions, generation, partitioner } = description
  const lines = [`${topic} ${group}: generation ${generation}, ${partitioner}`]
  if (members.length === 0) lines.push("no members")
  else {
    const rows = members.map(({ memberId, assigned, subscribed, heardMsAgo }) => {
      return [memberId, assigned.length, subscribed.length, `${(heardMsAgo / 1000).toFixed(1)} s`]
    })
    lines.push("", table(["member", "assigned", "subscribed", "heard of ago"], rows))
  }
  const rows = partitions.map(({ partition, queue, messages, consumers, members, idle }) => [
    ...[partition, queue, messages ?? "?", consumers ?? "?", members.join(" → ")],
    idle?.reason ?? "",
  ])
  lines.push("")
  lines.push(table(["partition", "queue", "messages", "consumers", "member", "idle"], rows))
  for (const { partition, idle } of partitions) {
    if (idle !== undefined) lines.push(`partition ${partition}: ${idle.why}`)
  }
  createTerminal(options).print(lines.join("\n"), description)
}
