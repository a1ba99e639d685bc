import type { DiscoveredObject } from './discover.js'

/** Objects that were handed out together, and what may be said once all of them are on record. */
interface Handout {
  underWay: number
  /** By folder, the key up to which everything is on record then. */
  readonly through: Map<string, string>
}

/**
 * The key of each folder up to which everything that was listed is on record. A resumed run begins to list after
 * it, so that work resumes where it stopped. Objects that arrived below it later are found by the listings of
 * whole folders that follow.
 *
 * Objects finish in any order. A watermark is written when everything that was handed out before it is finished,
 * in whatever folder. An object that an earlier listing showed may still be under way in that one.
 */
export class Watermarks {
  readonly #former: ReadonlyMap<string, string>
  readonly #record: (prefix: string, through: string) => Promise<void>
  readonly #handouts: Handout[] = []
  readonly #handoutOf = new Map<DiscoveredObject, Handout>()
  readonly #recorded: Map<string, string>

  /**
   * @param former what a former part of the run recorded
   * @param record makes it durable, not before what was recorded earlier
   */
  constructor(former: ReadonlyMap<string, string>, record: (prefix: string, through: string) => Promise<void>) {
    this.#former = former
    this.#record = record
    this.#recorded = new Map(former)
  }

  /** Where the first listing of a folder begins; `undefined` at its beginning. */
  after(prefix: string): string | undefined {
    return this.#former.get(prefix)
  }

  /**
   * A listing of a folder got as far as `through`. Everything up to there is on record once these objects are, and
   * all that were handed out before. Must be called before they are handed out.
   */
  async reach(prefix: string, through: string | undefined, objects: readonly DiscoveredObject[]): Promise<void> {
    if (objects.length > 0) {
      const handout: Handout = { underWay: objects.length, through: new Map() }
      for (const object of objects) this.#handoutOf.set(object, handout)
      this.#handouts.push(handout)
    }
    if (through === undefined) return
    const last = this.#handouts.at(-1)
    if (last === undefined) await this.#note(prefix, through)
    else last.through.set(prefix, through)
  }

  /** An object is on record, or there is nothing of it to be recorded. */
  async done(object: DiscoveredObject): Promise<void> {
    const handout = this.#handoutOf.get(object)
    if (handout === undefined) return
    this.#handoutOf.delete(object)
    handout.underWay -= 1
    while (this.#handouts[0]?.underWay === 0) {
      const { through } = this.#handouts.shift() as Handout
      for (const [prefix, key] of through) await this.#note(prefix, key)
    }
  }

  async #note(prefix: string, through: string): Promise<void> {
    const former = this.#recorded.get(prefix)
    if (former !== undefined && !isAfter(through, former)) return
    this.#recorded.set(prefix, through)
    await this.#record(prefix, through)
  }
}

/** In the order of a listing, which is that of UTF-8 bytes. */
function isAfter(key: string, other: string): boolean {
  return Buffer.compare(Buffer.from(key), Buffer.from(other)) > 0
}
