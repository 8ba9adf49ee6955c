/**
 * Bytes that several may have on their way at once, each by its share. One may have a part of what is free,
 * and always one message: so those that stand still with what they have leave room for the others.
 *
 * What has arrived is always accounted: all may be overdrawn, by one message for each share at most.
 */
export class BytePool {
  readonly #part: number
  #free: number

  /** @param part the greater it is the less is left for others */
  constructor(bytesMax: number, part: number) {
    this.#free = bytesMax
    this.#part = part
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
    const hasRoom = () => used === 0 || used < this.#part * this.#free
    return { take, give: (bytes) => take(-bytes), hasRoom }
  }
}

export interface ByteShare {
  readonly take: (bytes: number) => void
  readonly give: (bytes: number) => void
  readonly hasRoom: () => boolean
}
