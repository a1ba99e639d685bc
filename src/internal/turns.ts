/**
 * One piece of work at a time for each key, those of one key in the order in which they come. A key is remembered only while
 * there is work for it.
 */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Keys with work under way. */
  get busy(): number {
    return this.#last.size
  }

  /** Does the work once everything that was there for the key before it has ended, however it ended. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const former = this.#last.get(key)
    const done = former === undefined ? work() : former.then(work)
    const settled = done.catch(() => {})
    this.#last.set(key, settled)
    try {
      return await done
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key)
    }
  }
}

const ofStorages = new WeakMap<object, Turns>()

/**
 * The turns at the objects of one storage: repairs, releases and runs that share the adapter never meet on an object, in
 * whatever order a source names it, and however often.
 */
export function turnsOf(storage: object): Turns {
  const known = ofStorages.get(storage)
  if (known !== undefined) return known
  const turns = new Turns()
  ofStorages.set(storage, turns)
  return turns
}
