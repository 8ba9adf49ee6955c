/** What a splitter finds in the stream. `line` counts from 1. */
export type Item =
  | { readonly kind: "text"; readonly line: number; readonly text: Uint8Array }
  /** Longer than allowed. Its bytes were not kept. */
  | { readonly kind: "tooLong"; readonly line: number }
  /** From here on nothing can be told apart any more; the last item. */
  | { readonly kind: "broken"; readonly line: number; readonly detail: string }

/**
 * Cuts a stream of bytes into the messages of a batch. What it yields depends on the bytes only, and
 * not on how they were cut into chunks. It holds one item that is not complete at most.
 */
export interface Splitter {
  /**
   * The items that end in this chunk; to be iterated to the end before the next chunk is given.
   * Their bytes are the chunk's own and may be kept only as a copy.
   */
  split(chunk: Uint8Array): Iterable<Item>
  /** What is left at the end of the stream. */
  end(): Iterable<Item>
  /** Bytes held of an item that is not complete. */
  readonly heldBytes: number
}

export const lineFeed = 0x0a
export const carriageReturn = 0x0d

/** Space, tab, line feed or carriage return: what JSON knows as blank. */
export const isBlank = (byte: number): boolean =>
  byte === 0x20 || byte === 0x09 || byte === lineFeed || byte === carriageReturn
