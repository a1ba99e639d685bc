import { MarkedTexts } from './marked-texts.js'

/** A set of texts that remembers only a keyed 64-bit fingerprint of each. */
export class SeenSet {
  readonly #texts = new MarkedTexts()

  get size(): number {
    return this.#texts.size
  }

  has(text: string): boolean {
    return this.#texts.marksOf(text) !== 0
  }

  /** Adds the text; `false` if it was there. */
  add(text: string): boolean {
    return this.#texts.mark(text, 1) === 0
  }
}
