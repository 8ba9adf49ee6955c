/** How often something of a queue was acked on its latest channel, and when it last became more. */
export interface Progress {
  readonly channel: object | undefined
  readonly ackedCount: number
  readonly sinceMs: number
}

/** Each channel counts anew. */
export function progressAfter(
  before: Progress,
  channel: object | undefined,
  ackedCount: number,
  nowMs: number,
): Progress {
  const known = channel === before.channel ? before.ackedCount : 0
  return { channel, ackedCount, sinceMs: ackedCount > known ? nowMs : before.sinceMs }
}
