import { until } from "../../support/until.ts"
import type { Fault } from "./fault.ts"

/** The client properties of a connection tell whose it is. */
const routersChannels = `
  Name = fun(Connection) ->
    [{client_properties, Properties}] = rabbit_reader:info(Connection, [client_properties]),
    case lists:keyfind(<<"connection_name">>, 1, Properties) of {_, _, Found} -> Found; false -> <<>> end
  end,
  IsRouters = fun(Channel) ->
    try
      [{connection, Connection}] = rabbit_channel:info(Channel, [connection]),
      binary:match(Name(Connection), <<"partymq ">>) =:= {0, 8}
    catch _:_ -> false end
  end,
  Channels = lists:filter(IsRouters, rabbit_channel:list())`

/** Something befalls one channel of a router inside the broker. `work` is Erlang, about `Channel`. */
const channelFault = (kind: string, work: string): Fault => ({
  kind,
  async inject({ broker }, random) {
    const unit = random.next()
    const pick = `lists:nth(1 + trunc(${unit} * length(Channels)), Channels)`
    const program = `${routersChannels},
      case Channels of [] -> none; _ -> Channel = ${pick}, ${work}, done end.`
    await until(async () => (await broker.ctl("eval", program)).includes("done"), {
      what: "the broker to have a channel of a router",
      timeoutMs: 20_000,
    })
  },
})

/**
 * Neither the management API nor `rabbitmqctl` closes a single channel. One that is told to look for
 * a queue that is not there, as if its client had asked, closes with 404 and leaves the others alone.
 */
const lookForMissing = `rabbit_channel:do(Channel,
  {'queue.declare', 0, <<"chaos.missing">>, true, false, false, false, false, []})`

export const channelFaults: readonly Fault[] = [
  channelFault("channel closed by the broker", lookForMissing),
  // The broker ends the whole connection then: 541.
  channelFault("channel crashes in the broker", "exit(Channel, kill)"),
]
