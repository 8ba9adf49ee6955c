import { concat } from "../wire/properties.ts"

export type Pieces = ReturnType<typeof createPieces>

/**
 * Gathers pieces and joins them at the end. Large ones are kept as they are, small ones are put
 * together in blocks, each as large as all before it up to a limit: a body sent byte by byte must
 * not cost an object per byte, nor much more than its bytes. A body that comes in one piece, as most
 * do, is not copied.
 */
export function createPieces() {
  const blocks: Uint8Array[] = []
  /** What is free of the last block. */
  let free: Uint8Array = nothing
  let bytes = 0

  function trim(): void {
    const last = blocks.pop()
    if (last !== undefined) blocks.push(last.subarray(0, last.length - free.length))
    free = nothing
  }

  return {
    get bytes() {
      return bytes
    },
    add(piece: Uint8Array): void {
      if (piece.length > free.length) {
        trim()
        const isKept = bytes === 0 || piece.length >= blockBytesMax
        if (!isKept) free = new Uint8Array(Math.max(piece.length, Math.min(bytes, blockBytesMax)))
        blocks.push(isKept ? piece : free)
      }
      if (free.length > 0) {
        free.set(piece)
        free = free.subarray(piece.length)
      }
      bytes += piece.length
    },
    joined(): Uint8Array {
      trim()
      return blocks.length === 1 ? blocks[0]! : concat(blocks.splice(0))
    },
  }
}

const nothing = new Uint8Array(0)
const blockBytesMax = 16 * 1024
