import { expect, test } from "bun:test"
import { bounds } from "../../src/core/bounds.ts"
import { readPage } from "./pages.ts"

/** Where a page quotes a bound, and how. */
const quotes: readonly (readonly [page: string, quote: string])[] = [
  ["docs/partitioners.md", `A key has at most ${bounds.keyBytesMax} bytes.`],
  ["docs/partitioners.md", `loading after ${bounds.moduleLoadTimeoutMs / 1000} seconds`],
  ["docs/partitioners.md", `over ${bounds.placementSampleTimeoutMs / 1000} seconds for`],
  ["docs/http.md", `over ${bounds.keyBytesMax} bytes`],
  ["docs/http.md", `one frame (${bounds.frameBytesMax / 1024} KiB)`],
  ["docs/http.md", `over ${bounds.httpBodyReadTimeoutMs / 1000} seconds to arrive`],
  ["docs/http.md", `over ${bounds.httpBodyUndisturbedMs / 1000} where its place was needed`],
  [
    "docs/http.md",
    `${bounds.batchFailuresMax} failures, or ${bounds.httpBodyReadTimeoutMs / 1000} s`,
  ],
  ["docs/http.md", `fit into ${bounds.batchResultsBytesMax / 2 ** 20} MiB`],
  ["docs/configuration.md", `1 to ${bounds.partitionsMax}.`],
  ["docs/configuration.md", `up to ${bounds.nameLengthMax} letters`],
  ["docs/configuration.md", `At most ${bounds.bodyBytesMax}.`],
  ["docs/configuration.md", `silent for ${spelt(bounds.heartbeatHalvesMissed)} intervals`],
  ["docs/pull.md", `1 to ${bounds.pullMessagesMax}. Without it ${bounds.pullMessages}.`],
  ["docs/pull.md", `some ${bounds.pullAnswerBytesMax / 2 ** 20} MiB of them`],
  ["docs/pull.md", `up to ${bounds.pullWaitMsMax}. Without it 0.`],
  ["docs/pull.md", `${bounds.visibilityTimeoutMsMin} to ${bounds.visibilityTimeoutMsMax}.`],
  ["docs/pull.md", `up to ${bounds.pullReceiptsMax} receipts`],
  ["docs/pull.md", `about ${bounds.pullBytesMax / 2 ** 20} MiB`],
  ["docs/pull.md", `after ${bounds.pullDeadLetterRetryMs / 1000} seconds`],
  ["docs/pull.md", `at most ${bounds.pullPartitionsMax} partitions`],
  ["docs/pull.md", `${bounds.pullWaitingMax} consumers wait at once`],
  ["docs/consumers.md", `not come round for ${bounds.leaseGapMs} ms`],
  ["docs/operating.md", `fewer than ${bounds.unconfirmedBusyMin} messages are unconfirmed`],
  ["docs/operating.md", `as soon as they are ${bounds.gatherMessagesMax},`],
  ["docs/operating.md", `after ${bounds.gatherRoundsMax * bounds.gatherMs} ms in any case`],
  ["docs/operating.md", `about ${bounds.sourceInFlightBytesMax / 2 ** 20} MiB`],
]

function spelt(halves: number): string {
  return { 4: "two", 5: "two and a half", 6: "three" }[halves] ?? `${halves / 2}`
}

for (const [path, quote] of quotes) {
  test(`${path} says "${quote}"`, async () => {
    expect((await readPage(path)).text).toContain(quote)
  })
}
