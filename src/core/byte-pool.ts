/** The part that one may have of what is free. */
const part = 1 / 8

/**
 * Bytes that several may have on their way at once, each by its share. One may have an eighth of what is
 * free, and always one message: so those that stand still with what they have leave room for the others.
 *
 * What has arrived is always accounted: all may be overdrawn, by one message for each share at most.
 */
export class BytePool {
  #free: number

  constructor(bytesMax: number) {
    this.#free = bytesMax
  }

  get free(): number {
    return this.#free
  }

  share(): ByteShare {
    let used = 0
    const take = (bytes: number) => {
      used += bytes
      this.#free -= bytes
    }
    const hasRoom = () => used === 0 || used < part * this.#free
    return { take, give: (bytes) => take(-bytes), hasRoom }
  }
}

export interface ByteShare {
  readonly take: (bytes: number) => void
  readonly give: (bytes: number) => void
  readonly hasRoom: () => boolean
}
