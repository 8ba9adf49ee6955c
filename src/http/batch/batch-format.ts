import { cloudEvent } from "./cloud-event.ts"
import { jsonElements } from "./json-elements.ts"
import type { ReadLine } from "./line-message.ts"
import { ndjsonLines } from "./ndjson-lines.ts"
import { ndjsonMessage } from "./ndjson-message.ts"
import type { Splitter } from "./splitter.ts"

/** One way of writing several messages into one body. */
export interface BatchFormat {
  readonly split: (lineBytesMax: number) => Splitter
  readonly read: (text: Uint8Array, newId: () => string) => ReadLine
}

/** By media type; whatever is not here is one message. */
export const batchFormats: { readonly [mediaType: string]: BatchFormat } = {
  "application/x-ndjson": { split: ndjsonLines, read: ndjsonMessage },
  "application/cloudevents-batch+json": { split: jsonElements, read: cloudEvent },
}

/** The format of a body that is a batch, by its `Content-Type`, parameters and case aside. */
export function batchFormat(contentType = ""): BatchFormat | undefined {
  const mediaType = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? ""
  return Object.hasOwn(batchFormats, mediaType) ? batchFormats[mediaType] : undefined
}
