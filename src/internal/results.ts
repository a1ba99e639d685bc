/** Results on their way to one consumer; lanes wait while there are too many of them. */
export class Results<R> implements AsyncIterable<R> {
  readonly #most: number
  #ready: R[] = []
  #at = 0
  #closed = false
  #ended = false
  #failure: { readonly error: unknown } | undefined
  #wakeConsumer: (() => void) | undefined
  #waitingLanes: (() => void)[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** The consumer has left, or something has failed: further work is in vain. */
  get closed(): boolean {
    return this.#closed
  }

  get isFull(): boolean {
    return this.#ready.length - this.#at >= this.#most && !this.#closed
  }

  push(result: R): void {
    this.#ready.push(result)
    this.#wake()
  }

  room(): Promise<void> {
    return new Promise((resolve) => this.#waitingLanes.push(resolve))
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
    this.close()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  close(): void {
    this.#closed = true
    this.#wake()
    this.#release()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, void> {
    for (;;) {
      while (this.#at < this.#ready.length && this.#failure === undefined) {
        const result = this.#ready[this.#at] as R
        this.#at += 1
        if (this.#at === this.#ready.length) {
          this.#ready = []
          this.#at = 0
          this.#release()
        }
        yield result
      }
      if (this.#failure !== undefined) throw this.#failure.error
      if (this.#ended) return
      await new Promise<void>((resolve) => {
        this.#wakeConsumer = resolve
      })
    }
  }

  #wake(): void {
    const wake = this.#wakeConsumer
    this.#wakeConsumer = undefined
    wake?.()
  }

  #release(): void {
    for (const resolve of this.#waitingLanes.splice(0)) resolve()
  }
}
