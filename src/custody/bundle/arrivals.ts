/** A span of time and how many objects arrived in it. */
export interface ArrivalBin {
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly count: number
}

/** Arrivals over time. */
export interface Arrivals {
  readonly widthMs: number
  /** Without gaps, from the first arrival to the last. */
  readonly bins: readonly ArrivalBin[]
}

const second = 1_000
// Each divides the next, so that a span never lies across two wider ones.
const widths = [1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 432_000, 2_592_000].map(
  (seconds) => seconds * second,
)
const mostBins = 48

/** Counts arrivals in as few spans as a picture can show, whatever the time between the first and the last. */
export class ArrivalCounter {
  #level = 0
  #bins = new Map<number, number>()
  #first = Number.POSITIVE_INFINITY
  #last = Number.NEGATIVE_INFINITY

  /** @param time milliseconds since the epoch */
  add(time: number): void {
    if (!Number.isFinite(time)) return
    this.#first = Math.min(this.#first, time)
    this.#last = Math.max(this.#last, time)
    while (this.#span() > mostBins && this.#level < widths.length - 1) this.#coarsen()
    const bin = Math.floor(time / this.#width)
    this.#bins.set(bin, (this.#bins.get(bin) ?? 0) + 1)
  }

  arrivals(): Arrivals {
    const bins: ArrivalBin[] = []
    if (this.#bins.size > 0) {
      const [from, to] = [Math.floor(this.#first / this.#width), Math.floor(this.#last / this.#width)]
      for (let bin = from; bin <= Math.min(to, from + 400); bin += 1) {
        bins.push({ from: bin * this.#width, count: this.#bins.get(bin) ?? 0 })
      }
    }
    return { widthMs: this.#width, bins }
  }

  get #width(): number {
    return widths[this.#level] ?? second
  }

  #span(): number {
    return Math.floor(this.#last / this.#width) - Math.floor(this.#first / this.#width) + 1
  }

  #coarsen(): void {
    const before = this.#width
    this.#level += 1
    const bins = new Map<number, number>()
    for (const [bin, count] of this.#bins) {
      const wider = Math.floor((bin * before) / this.#width)
      bins.set(wider, (bins.get(wider) ?? 0) + count)
    }
    this.#bins = bins
  }
}
