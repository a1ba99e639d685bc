/**
 * A bounded queue between producers and one consumer: `push` waits while it is full, so that back-pressure reaches
 * the source. When the consumer leaves early, `push` answers `false` and producers stop.
 */
export class Channel<T> implements AsyncIterable<T> {
  readonly #capacity: number
  readonly #items: T[] = []
  #ended = false
  #failed = false
  #failure: unknown
  #left = false
  #wakeConsumer: (() => void) | undefined
  #waitingProducers: (() => void)[] = []

  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity)
  }

  /** Whether the consumer has gone or a failure was raised, so that further work is in vain. */
  get closed(): boolean {
    return this.#left || this.#failed
  }

  async push(item: T): Promise<boolean> {
    while (!this.closed && this.#items.length >= this.#capacity) {
      await new Promise<void>((resolve) => this.#waitingProducers.push(resolve))
    }
    if (this.closed) return false
    this.#items.push(item)
    this.#wake()
    return true
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#failure = error
    this.#wake()
    this.#releaseProducers()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        while (this.#items.length > 0 && !this.#failed) yield this.#shift()
        if (this.#failed) throw this.#failure
        if (this.#ended) return
        await new Promise<void>((resolve) => {
          this.#wakeConsumer = resolve
        })
      }
    } finally {
      this.#left = true
      this.#releaseProducers()
    }
  }

  /** What was taken is let go of at once: an item may be a page of a thousand objects. */
  #shift(): T {
    const item = this.#items.shift() as T
    this.#waitingProducers.shift()?.()
    return item
  }

  #wake(): void {
    const wake = this.#wakeConsumer
    this.#wakeConsumer = undefined
    wake?.()
  }

  #releaseProducers(): void {
    for (const resolve of this.#waitingProducers.splice(0)) resolve()
  }
}
