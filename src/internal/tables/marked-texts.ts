import { type Fingerprint, fingerprintOf } from './fingerprint.js'

const firstSlots = 1024

/**
 * Up to eight marks, as bits, of each text. It remembers only a keyed 64-bit fingerprint of a text, some 20 bytes an entry,
 * and of a text without a mark nothing.
 */
export class MarkedTexts {
  #words = new Uint32Array(2 * firstSlots)
  /** 0 for an empty slot. */
  #marks = new Uint8Array(firstSlots)
  #size = 0

  /** Texts that have a mark. */
  get size(): number {
    return this.#size
  }

  /** The marks of a text; 0 if it has none. */
  marksOf(text: string): number {
    return this.#marks[this.#find(fingerprintOf(text))] ?? 0
  }

  /** Adds marks to a text. Returns those that it had. */
  mark(text: string, marks: number): number {
    const fingerprint = fingerprintOf(text)
    const slot = this.#find(fingerprint)
    const former = this.#marks[slot] ?? 0
    if ((former | marks) === former) return former
    this.#marks[slot] = former | marks
    if (former !== 0) return former
    this.#words[2 * slot] = fingerprint.low
    this.#words[2 * slot + 1] = fingerprint.high
    this.#size += 1
    // At most three fifths full: what is looked for lies near.
    if (this.#size * 5 > this.#marks.length * 3) this.#grow()
    return former
  }

  /** The slot of a fingerprint, or the empty one where it belongs. */
  #find({ low, high }: Fingerprint): number {
    const mask = this.#marks.length - 1
    let slot = low & mask
    while (this.#marks[slot] !== 0 && (this.#words[2 * slot] !== low || this.#words[2 * slot + 1] !== high)) {
      slot = (slot + 1) & mask
    }
    return slot
  }

  #grow(): void {
    const [words, marks] = [this.#words, this.#marks]
    this.#words = new Uint32Array(words.length * 2)
    this.#marks = new Uint8Array(marks.length * 2)
    for (let from = 0; from < marks.length; from += 1) {
      if (marks[from] === 0) continue
      const [low, high] = [words[2 * from] ?? 0, words[2 * from + 1] ?? 0]
      const to = this.#find({ low, high })
      this.#words[2 * to] = low
      this.#words[2 * to + 1] = high
      this.#marks[to] = marks[from] ?? 0
    }
  }
}
