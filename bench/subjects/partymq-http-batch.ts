import type { Subject } from "../subject.ts"
import { httpLoad } from "./partymq-http.ts"

/** Batches of NDJSON, 100 messages each, over 8 connections. */
export const partymqHttpBatch: Subject = {
  name: "PartyMQ, HTTP, batches of 100",
  prepare: httpLoad({ connections: 8, batch: 100 }),
}
