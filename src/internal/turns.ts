/**
 * One piece of work at a time for each key, those of one key in the order in which they come. A key is remembered only while
 * there is work for it.
 */
export class Turns {
  /** Keys with work under way, and what waits for its turn there, in order. */
  readonly #queues = new Map<string, (() => void)[] | undefined>()
  readonly #hurry = new Map<string, () => void>()

  /** Keys with work under way. */
  get busy(): number {
    return this.#queues.size
  }

  /** Does the work once everything that was there for the key before it has ended, however it ended. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = this.enter(key)
    if (turn !== undefined) await turn
    try {
      return await work()
    } finally {
      this.leave(key)
    }
  }

  /** Resolves when the turn has come; `undefined` if it is there at once. It lasts until {@link Turns.leave}. */
  enter(key: string): Promise<void> | undefined {
    if (!this.#queues.has(key)) {
      this.#queues.set(key, undefined)
      return undefined
    }
    this.#hurry.get(key)?.()
    return new Promise((resolve) => {
      const queue = this.#queues.get(key)
      if (queue === undefined) this.#queues.set(key, [resolve])
      else queue.push(resolve)
    })
  }

  /** Ends a turn, and begins the next one. */
  leave(key: string): void {
    this.#hurry.delete(key)
    const next = this.#queues.get(key)?.shift()
    if (next === undefined) this.#queues.delete(key)
    else next()
  }

  /** Whoever has the turn waits for something until {@link Turns.resumes}; `hurry` is called if other work waits for the turn, now or later. */
  waits(key: string, hurry: () => void): void {
    this.#hurry.set(key, hurry)
    if ((this.#queues.get(key)?.length ?? 0) > 0) hurry()
  }

  resumes(key: string): void {
    this.#hurry.delete(key)
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

/** The objects of both are the same: one has the turns of the other. */
export function shareTurns(derived: object, storage: object): void {
  ofStorages.set(derived, turnsOf(storage))
}
