import { createHash } from 'node:crypto'

/** Numbers and ids that are the same for the same seed, on every machine. */
export class SeededRandom {
  readonly #seed: string
  #drawn = 0
  #block = Buffer.alloc(0)

  constructor(seed: string) {
    this.#seed = seed
  }

  /** From 0 inclusive to 1 exclusive. */
  next(): number {
    return this.#bytes(4).readUInt32BE() / 0x1_0000_0000
  }

  /** An integer from `min` to `max`, both inclusive. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  /** One of the choices, which must not be empty. */
  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.integer(0, choices.length - 1)] ?? choices[0]
  }

  uuid(): string {
    const bytes = this.#bytes(16)
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
    const hex = bytes.toString('hex')
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
  }

  /** `count` of the items, in no order. */
  sample<T>(items: readonly T[], count: number): T[] {
    const keyed = items.map((item) => ({ item, key: this.next() }))
    return keyed
      .sort((a, b) => a.key - b.key)
      .slice(0, count)
      .map(({ item }) => item)
  }

  #bytes(length: number): Buffer {
    while (this.#block.length < length) {
      const block = createHash('sha256').update(`${this.#seed}/${this.#drawn}`).digest()
      this.#drawn += 1
      this.#block = Buffer.concat([this.#block, block])
    }
    const taken = Buffer.from(this.#block.subarray(0, length))
    this.#block = this.#block.subarray(length)
    return taken
  }
}
