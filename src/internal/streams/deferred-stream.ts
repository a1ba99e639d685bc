/**
 * A stream that is opened when its first item is asked for. From then on every call goes straight to what was opened: a
 * generator around it would cost an await for each item.
 *
 * It can be disposed of (`await using`) on Node 20 too, whose own generators cannot.
 */
export class DeferredStream<T> implements AsyncGenerator<T, void, void> {
  readonly #open: () => Promise<AsyncGenerator<T, void, void>>
  #opening: Promise<AsyncGenerator<T, void, void>> | undefined
  #opened: AsyncGenerator<T, void, void> | undefined
  #ended = false

  constructor(open: () => Promise<AsyncGenerator<T, void, void>>) {
    this.#open = open
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#opened !== undefined) return this.#opened.next()
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return this.#started().then((stream) => stream.next())
  }

  async return(): Promise<IteratorResult<T, void>> {
    this.#ended = true
    // Left before it began: there is nothing to open only to close it.
    if (this.#opening === undefined) return { done: true, value: undefined }
    return (await this.#opening).return()
  }

  async throw(error: unknown): Promise<IteratorResult<T, void>> {
    this.#ended = true
    if (this.#opening === undefined) throw error
    return (await this.#opening).throw(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #started(): Promise<AsyncGenerator<T, void, void>> {
    this.#opening ??= this.#open().then(
      (stream) => {
        this.#opened = stream
        return stream
      },
      (error: unknown) => {
        // As of a generator that threw: there is nothing more to come.
        this.#ended = true
        throw error
      },
    )
    return this.#opening
  }
}
