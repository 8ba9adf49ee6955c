import * as v from "valibot"
import { type ClientsSnapshot, restored, snapshotOf } from "../../core/clients/clients-snapshot.ts"
import { type ClientsState, noClients } from "../../core/clients/clients-state.ts"
import { BrokerError } from "../broker-error.ts"
import type { Connection } from "../connection.ts"
import { LastValue } from "./last-value.ts"

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const snapshotSchema = v.object({
  seq: count,
  nextFront: count,
  clients: v.array(
    v.object({
      id: v.string(),
      phase: v.picklist(["bound", "ready", "gone"]),
      queue: v.exactOptional(v.string()),
      owes: v.boolean(),
      lostBinding: v.optional(v.boolean(), false),
      front: v.exactOptional(count),
    }),
  ),
  partitions: v.array(
    v.object({
      kind: v.picklist(["free", "owned", "draining", "reclaiming"]),
      from: v.exactOptional(v.string()),
      to: v.exactOptional(v.string()),
      fronts: v.array(count),
    }),
  ),
  reclaims: v.array(v.object({ client: v.string(), queue: v.string(), front: count })),
})

/** The durable record of one client-bound group. */
export class ClientsRecord {
  readonly #value: LastValue
  #seq: number
  #written = ""

  private constructor(value: LastValue, seq: number) {
    this.#value = value
    this.#seq = seq
  }

  /** @throws {BrokerError} when it cannot be read, or holds what no PartyMQ has written */
  static async open(
    connection: Connection,
    queue: string,
    type: "quorum" | "classic",
    partitions: number,
    nowMs: number,
  ): Promise<{ readonly record: ClientsRecord; readonly state: ClientsState }> {
    const { value, texts } = await LastValue.open(connection, queue, type)
    const found = texts.map((text) => parsed(queue, text))
    const newest = found.sort((a, b) => b.seq - a.seq)[0]
    const record = new ClientsRecord(value, newest?.seq ?? 0)
    if (newest === undefined) return { record, state: noClients(partitions) }
    if (newest.partitions.length !== partitions) {
      const fact = `has ${newest.partitions.length} partitions, not ${partitions}`
      throw new BrokerError(`the record "${queue}" ${fact}`)
    }
    return { record, state: restored(newest, nowMs) }
  }

  /** Whether the state is other than what was written last. */
  differs(state: ClientsState): boolean {
    return JSON.stringify(snapshotOf(state)) !== this.#written
  }

  /** Resolves once the broker has confirmed it. */
  async write(state: ClientsState): Promise<void> {
    const snapshot = snapshotOf(state)
    this.#seq += 1
    await this.#value.write(JSON.stringify({ seq: this.#seq, ...snapshot }))
    this.#written = JSON.stringify(snapshot)
  }
}

function parsed(queue: string, text: string): ClientsSnapshot & { readonly seq: number } {
  try {
    return v.parse(snapshotSchema, JSON.parse(text))
  } catch {
    throw new BrokerError(`the record "${queue}" holds something that PartyMQ has not written`)
  }
}
