interface Sample {
  readonly atMs: number
  readonly count: number
}

/** How fast a count grows, over the last seconds of the events' own time. */
export class Rate {
  readonly #samples: Sample[] = []
  readonly #windowMs: number
  readonly #everyMs: number

  /** @param windowMs what counts as "now" */
  constructor(windowMs = 15_000) {
    this.#windowMs = windowMs
    // A sample for each event would be a list of a million.
    this.#everyMs = windowMs / 30
  }

  add(atMs: number, count: number): void {
    const last = this.#samples.at(-1)
    if (last !== undefined && atMs - last.atMs < this.#everyMs) return
    this.#samples.push({ atMs, count })
    while (this.#samples.length > 2 && atMs - (this.#samples[0]?.atMs ?? atMs) > this.#windowMs) this.#samples.shift()
  }

  /** Per second; `undefined` while there is too little to tell. */
  perSecond(atMs: number, count: number): number | undefined {
    const [first] = this.#samples
    if (first === undefined || atMs - first.atMs < this.#everyMs) return undefined
    return ((count - first.count) * 1_000) / (atMs - first.atMs)
  }
}
