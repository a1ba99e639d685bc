/** So much later than promised is more than rounding. */
const tolerance = 0.1
const leastMs = 5_000

/**
 * When something will be over. A time that is left and grows without a word looks like a mistake: once the end is later than
 * it was promised, the estimate says why.
 */
export class Estimate {
  #endMs: number | undefined
  /** The earliest end that was told, with what was left then. */
  #promised: { readonly endMs: number; readonly leftMs: number } | undefined
  #cause: string | undefined
  #why: string | undefined

  /** What is worth naming if the end becomes later. */
  slowedBy(cause: string): void {
    this.#cause = cause
  }

  /** @param leftMs what is left at this time; `undefined` while nobody knows */
  expect(atMs: number, leftMs: number | undefined): void {
    if (leftMs === undefined) {
      this.#endMs = undefined
      return
    }
    this.#endMs = atMs + leftMs
    const promised = this.#promised
    const laterMs = promised === undefined ? 0 : this.#endMs - promised.endMs
    if (promised === undefined || laterMs <= 0) this.#promised = { endMs: this.#endMs, leftMs }
    if (promised === undefined || laterMs < Math.max(leastMs, promised.leftMs * tolerance)) {
      this.#why = undefined
      return
    }
    this.#why = this.#cause ?? this.#why ?? 'it goes slower than before'
    this.#cause = undefined
  }

  forget(): void {
    this.#endMs = undefined
    this.#promised = undefined
    this.#why = undefined
  }

  /** What is left, counting down between events. */
  leftMs(nowMs: number): number | undefined {
    return this.#endMs === undefined ? undefined : Math.max(0, this.#endMs - nowMs)
  }

  /** Why the end is later than it was promised; `undefined` if it is not. */
  get later(): string | undefined {
    return this.#why
  }
}
