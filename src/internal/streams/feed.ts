import { InPieces, type Source } from './source.js'

/** There is no further item. */
export const done = Symbol('done')
/** No item is ready; {@link Feed.next} waits for one. */
export const none = Symbol('none')

/** Gives the items of one source to many takers, and reads only as far ahead as a batch reaches. */
export class Feed<T> {
  readonly #iterator: AsyncIterator<readonly T[] | T> | Iterator<T>
  readonly #inBatches: boolean
  #batch: readonly T[] = []
  #at = 0
  #takers: { readonly resolve: (item: T | typeof done) => void; readonly reject: (error: unknown) => void }[] = []
  #reading = false
  #ended = false
  #stopped = false

  constructor(source: Source<T>) {
    this.#inBatches = source instanceof InPieces
    const items = source instanceof InPieces ? source.pieces() : source
    this.#iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  }

  /** Whether all items were given. */
  get isDone(): boolean {
    return this.#stopped || (this.#ended && this.#at >= this.#batch.length)
  }

  /** The next item that is at hand already. */
  poll(): T | typeof done | typeof none {
    if (this.#at < this.#batch.length) return this.#take()
    return this.#ended || this.#stopped ? done : none
  }

  /** The next item, as soon as the source gives one. Rejects once if the source fails. */
  next(): Promise<T | typeof done> {
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject })
      if (!this.#reading) void this.#read()
    })
  }

  /** No item is wanted any more. The source is closed as soon as it has given what it was asked for. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#batch = []
    for (const { resolve } of this.#takers.splice(0)) resolve(done)
    if (!this.#reading) this.#close()
  }

  #take(): T {
    const item = this.#batch[this.#at] as T
    this.#at += 1
    return item
  }

  async #read(): Promise<void> {
    this.#reading = true
    try {
      while (this.#takers.length > 0 && !this.#ended) {
        const step = await this.#iterator.next()
        if (step.done === true) this.#ended = true
        else if (!this.#stopped) {
          this.#batch = this.#inBatches ? (step.value as readonly T[]) : [step.value as T]
          this.#at = 0
          while (this.#at < this.#batch.length && this.#takers.length > 0) this.#takers.shift()?.resolve(this.#take())
        }
      }
    } catch (error) {
      this.#ended = true
      this.#takers.shift()?.reject(error)
    } finally {
      this.#reading = false
      if (this.#ended) for (const { resolve } of this.#takers.splice(0)) resolve(done)
      if (this.#stopped) this.#close()
    }
  }

  #close(): void {
    if (this.#ended) return
    this.#ended = true
    // Nobody waits for it: a source that cannot be closed has nothing to say any more.
    Promise.resolve(this.#iterator.return?.()).catch(() => {})
  }
}
