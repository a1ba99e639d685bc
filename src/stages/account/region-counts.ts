/** Regions that are told apart: AWS has some 40. */
const mostRegions = 100
/** Recordings of a region that are named. */
const namedOfRegion = 5

/** Recordings that are stored in one region. */
export interface RegionCount {
  readonly count: number
  readonly first: readonly string[]
}

/** Counts recordings by the region that they are stored in. */
export class RegionCounts {
  readonly #regions = new Map<string, RegionCount>()

  get counts(): ReadonlyMap<string, RegionCount> {
    return this.#regions
  }

  add(region: string, recordingId: string): void {
    const known = this.#regions.get(region)
    // A region is a word of the platform: a word beyond the few that are kept does not count as one.
    if (known === undefined && this.#regions.size >= mostRegions) return
    const { count, first } = known ?? { count: 0, first: [] }
    this.#regions.set(region, {
      count: count + 1,
      first: first.length < namedOfRegion ? [...first, recordingId] : first,
    })
  }
}
