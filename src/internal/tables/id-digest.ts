import { hash } from 'node:crypto'

/**
 * A digest of a set of recordings, in whatever order they come: 64 bits, for each of two accounts of the same set to be
 * held against the other. It proves nothing to who does not have both.
 */
export class IdDigest {
  #low = 0
  #high = 0

  add(recordingId: string, conversationId: string): void {
    const digest = hash('sha256', `${recordingId}\n${conversationId}`, 'buffer')
    this.#low ^= digest.readInt32LE(0)
    this.#high ^= digest.readInt32LE(4)
  }

  /** Takes in another set that has none of the same. */
  addAll(hex: string): void {
    const bytes = Buffer.from(hex.padEnd(16, '0').slice(0, 16), 'hex')
    this.#high ^= bytes.readInt32BE(0)
    this.#low ^= bytes.readInt32BE(4)
  }

  /** 16 digits. */
  get hex(): string {
    const digits = (word: number) => (word >>> 0).toString(16).padStart(8, '0')
    return `${digits(this.#high)}${digits(this.#low)}`
  }
}
