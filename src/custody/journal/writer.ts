import { realTimers, turnOfEventLoop } from '../../internal/waits/real-timers.js'

/** Where a {@link GroupWriter} writes. */
export interface JournalSink {
  /** Writes all of the bytes at the end. They are others' as soon as it has resolved. */
  write(bytes: Buffer): Promise<void>
  /** Resolves once all that was written is on the disk. */
  sync(): Promise<void>
}

/** How long buffered lines wait, and how many. */
export interface GroupWriterOptions {
  /** A buffered line is written at the latest after this. */
  readonly flushIntervalMs: number
  /** Buffered lines are written as soon as they have this many bytes. */
  readonly flushLength: number
  /** So many bytes wait at most: the source of further lines is slowed. */
  readonly maxLength: number
}

const lineEnd = '\n'.charCodeAt(0)

/** Room for a group that is kept for the next but one. */
const keptBytes = 1 << 22

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Writes lines, which are given without their ends, in groups. Lines that arrive while one group is being written
 * to the disk form the next group. Many lines thus share one fsync, and none waits for more than two.
 *
 * After a failure nothing more is written. A write that failed may be half there. An fsync that failed may have
 * dropped what it should have kept, and would succeed when asked again.
 */
export class GroupWriter {
  readonly #sink: JournalSink
  readonly #options: GroupWriterOptions
  /** The lines that wait, as they will be written: texts that outlive their object cost more than the copy. */
  #group: Buffer = Buffer.allocUnsafe(1 << 16)
  /** The room of the group before, once that is written. */
  #spare: Buffer | undefined
  #length = 0
  #waiters: Waiter[] = []
  /** Sources of buffered lines that wait until there is room. */
  #slowed: Waiter[] = []
  #isWriting = false
  #timer: NodeJS.Timeout | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(sink: JournalSink, options: GroupWriterOptions) {
    this.#sink = sink
    this.#options = options
  }

  /** Resolves once the line is durable. */
  append(line: string): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    this.#take(line)
    return this.flush()
  }

  /** Takes the line; the promise is there only if the source must be slowed. */
  buffer(line: string): Promise<void> | undefined {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    this.#take(line)
    if (this.#length >= this.#options.flushLength) this.#start()
    else this.#startLater()
    if (this.#length < this.#options.maxLength) return undefined
    return new Promise((resolve, reject) => this.#slowed.push({ resolve, reject }))
  }

  /** Resolves once everything taken so far is durable. */
  flush(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    if (this.#length === 0 && !this.#isWriting) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      this.#start()
    })
  }

  /** Clears the timer; for after a flush, or a failure. */
  stop(): void {
    realTimers.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #take(line: string): void {
    // No character of a string takes more than three bytes; and the end of the line.
    const needed = this.#length + line.length * 3 + 1
    if (needed > this.#group.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#group.length * 2))
      this.#group.copy(larger, 0, 0, this.#length)
      this.#group = larger
    }
    const end = this.#length + this.#group.write(line, this.#length)
    this.#group[end] = lineEnd
    this.#length = end + 1
  }

  #startLater(): void {
    this.#timer ??= realTimers.setTimeout(() => this.#start(), this.#options.flushIntervalMs)
  }

  #start(): void {
    if (this.#isWriting) return
    this.#isWriting = true
    void this.#writeGroups()
  }

  /** Never rejects. The waiting callers get the error. */
  async #writeGroups(): Promise<void> {
    try {
      do {
        // What the lanes append in this very turn of the event loop belongs to the same group.
        await turnOfEventLoop()
        await this.#writeGroup()
      } while (this.#waiters.length > 0 || this.#length >= this.#options.flushLength)
    } catch (error) {
      this.#fail(error)
    }
    // In the same turn as the last look at what waits, so that nobody is left waiting for a group that is not begun.
    this.#isWriting = false
    if (this.#length > 0) this.#startLater()
  }

  async #writeGroup(): Promise<void> {
    this.stop()
    const [group, length, waiters, slowed] = [this.#group, this.#length, this.#waiters, this.#slowed]
    this.#group = this.#spare ?? Buffer.allocUnsafe(1 << 16)
    this.#spare = undefined
    this.#length = 0
    this.#waiters = []
    this.#slowed = []
    try {
      if (length > 0) {
        await this.#sink.write(group.subarray(0, length))
        await this.#sink.sync()
      }
      if (group.length <= keptBytes) this.#spare = group
    } catch (error) {
      for (const { reject } of [...waiters, ...slowed]) reject(error)
      throw error
    }
    for (const { resolve } of [...waiters, ...slowed]) resolve()
  }

  #fail(error: unknown): void {
    this.stop()
    this.#failure = { error }
    this.#length = 0
    for (const { reject } of [...this.#waiters.splice(0), ...this.#slowed.splice(0)]) reject(error)
  }
}
