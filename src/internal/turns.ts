/**
 * One piece of work at a time for each key, those of one key in the order in which they come. A key is remembered only while
 * there is work for it.
 */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()
  /** How many pieces of work there are for each key, the one under way included. */
  readonly #takers = new Map<string, number>()
  readonly #hurry = new Map<string, () => void>()

  /** Keys with work under way. */
  get busy(): number {
    return this.#last.size
  }

  /** Does the work once everything that was there for the key before it has ended, however it ended. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const former = this.#last.get(key)
    this.#takers.set(key, (this.#takers.get(key) ?? 0) + 1)
    if (former !== undefined) this.#hurry.get(key)?.()
    const done = former === undefined ? work() : former.then(work)
    const settled = done.catch(() => {})
    this.#last.set(key, settled)
    try {
      return await done
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key)
      const left = (this.#takers.get(key) ?? 1) - 1
      if (left > 0) this.#takers.set(key, left)
      else this.#takers.delete(key)
    }
  }

  /** Waits for something as the work under way for a key; `hurry` is called if other work waits for it, now or later. */
  async waiting<T>(key: string, hurry: () => void, something: Promise<T>): Promise<T> {
    this.#hurry.set(key, hurry)
    try {
      if ((this.#takers.get(key) ?? 0) > 1) hurry()
      return await something
    } finally {
      this.#hurry.delete(key)
    }
  }
}

const ofStorages = new WeakMap<object, Turns>()

/**
 * The turns at the objects of one storage. Repairs, releases and runs that share the adapter never work on an
 * object at the same time. This holds in whatever order a source names the object, and however often.
 */
export function turnsOf(storage: object): Turns {
  const known = ofStorages.get(storage)
  if (known !== undefined) return known
  const turns = new Turns()
  ofStorages.set(storage, turns)
  return turns
}
