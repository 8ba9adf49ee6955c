/** Publishes events of its own keys at a steady rate, in order within each key, whatever happens. */
export interface Producer {
  /** Made and not confirmed yet. */
  readonly open: number
  /** Makes nothing new; what is open is still seen to its end. */
  pause(): void
  resume(): void
  /** Ends at once. */
  stop(): Promise<void>
}
