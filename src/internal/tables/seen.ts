import { hash, randomBytes } from 'node:crypto'

/**
 * A set of texts that remembers only a keyed 64-bit fingerprint of each: 16 bytes an entry instead of the text.
 * The salt is drawn per process, so nobody can craft keys that collide.
 */
export class SeenSet {
  readonly #salt = randomBytes(8).toString('hex')
  #slots = new BigUint64Array(1024)
  #size = 0

  get size(): number {
    return this.#size
  }

  has(text: string): boolean {
    return this.#slots[this.#find(this.#slots, this.#fingerprint(text))] !== 0n
  }

  /** Adds the text; `false` if it was there. */
  add(text: string): boolean {
    const fingerprint = this.#fingerprint(text)
    const at = this.#find(this.#slots, fingerprint)
    if (this.#slots[at] !== 0n) return false
    this.#slots[at] = fingerprint
    this.#size += 1
    if (this.#size * 2 > this.#slots.length) this.#grow()
    return true
  }

  #fingerprint(text: string): bigint {
    const digest = hash('md5', this.#salt + text, 'buffer')
    // 0 marks an empty slot.
    return digest.readBigUInt64LE(0) || 1n
  }

  #find(slots: BigUint64Array, fingerprint: bigint): number {
    const mask = slots.length - 1
    let at = Number(fingerprint & BigInt(mask))
    while (slots[at] !== 0n && slots[at] !== fingerprint) at = (at + 1) & mask
    return at
  }

  #grow(): void {
    const larger = new BigUint64Array(this.#slots.length * 2)
    for (const fingerprint of this.#slots) {
      if (fingerprint !== 0n) larger[this.#find(larger, fingerprint)] = fingerprint
    }
    this.#slots = larger
  }
}
