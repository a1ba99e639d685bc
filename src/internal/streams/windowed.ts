import type { Lanes } from '../lanes.js'
import { done, Feed, none } from './feed.js'
import type { Source } from './source.js'

const finished = { done: true, value: undefined } as const

/**
 * The results of a window of work, in the order in which they come. What a generator would do, whose `yield` costs three
 * turns of the microtask queue for each result: a tenth of a HEAD.
 *
 * It begins with the first result that is asked for. Lanes wait while there are more results than lanes.
 */
export class Windowed<T, R> implements AsyncGenerator<R, void, void> {
  readonly #lanes: Lanes
  readonly #work: (item: T) => Promise<R>
  readonly #feed: Feed<T>
  #unsubscribe: (() => void) | undefined
  #isBegun = false
  #isClosed = false
  #failure: { readonly error: unknown } | undefined
  #ready: R[] = []
  #at = 0
  #running = 0
  #underWay = 0
  #waitingConsumers: (() => void)[] = []
  #waitingLanes: (() => void)[] = []
  #onIdle: (() => void)[] = []

  constructor(source: Source<T>, lanes: Lanes, work: (item: T) => Promise<R>) {
    this.#lanes = lanes
    this.#work = work
    this.#feed = new Feed(source)
  }

  next(): Promise<IteratorResult<R, void>> {
    if (!this.#isBegun) this.#begin()
    return this.#isAtHand ? Promise.resolve({ done: false, value: this.#take() }) : this.#later()
  }

  /** What is under way is waited for. */
  async return(): Promise<IteratorResult<R, void>> {
    await this.#close()
    return finished
  }

  async throw(error: unknown): Promise<IteratorResult<R, void>> {
    await this.#close()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }

  get #isAtHand(): boolean {
    return this.#at < this.#ready.length && this.#failure === undefined && !this.#isClosed
  }

  #take(): R {
    const result = this.#ready[this.#at] as R
    this.#at += 1
    if (this.#at === this.#ready.length) {
      this.#ready = []
      this.#at = 0
      wakeAll(this.#waitingLanes)
    }
    return result
  }

  async #later(): Promise<IteratorResult<R, void>> {
    for (;;) {
      if (this.#isAtHand) return { done: false, value: this.#take() }
      const failure = this.#failure
      if (failure !== undefined && !this.#isClosed) {
        await this.#close()
        throw failure.error
      }
      if (this.#isClosed || (this.#running === 0 && this.#feed.isDone)) {
        await this.#close()
        return finished
      }
      await new Promise<void>((resolve) => this.#waitingConsumers.push(resolve))
    }
  }

  #begin(): void {
    this.#isBegun = true
    if (this.#isClosed) return
    this.#unsubscribe = this.#lanes.onResize(() => this.#startLanes())
    this.#startLanes()
  }

  #startLanes(): void {
    for (let missing = this.#lanes.room - this.#running; missing > 0; missing -= 1) void this.#lane()
  }

  /** Takes one item after the other: a call of p-limit for each would cost seven promises. */
  async #lane(): Promise<void> {
    this.#running += 1
    try {
      while (!this.#isOver && this.#running <= this.#lanes.room) {
        const next = this.#feed.poll()
        const item = next === none ? await this.#feed.next() : next
        if (item === done || this.#isOver) break
        this.#underWay += 1
        try {
          this.#push(await this.#work(item))
        } catch (error) {
          this.#fail(error)
        } finally {
          this.#underWay -= 1
        }
        if (this.#isFull) await new Promise<void>((resolve) => this.#waitingLanes.push(resolve))
      }
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#running -= 1
      if (this.#underWay === 0) wakeAll(this.#onIdle)
      if (this.#running === 0) wakeAll(this.#waitingConsumers)
    }
  }

  /** The consumer has left, or something has failed: further work is in vain. */
  get #isOver(): boolean {
    return this.#isClosed || this.#failure !== undefined
  }

  get #isFull(): boolean {
    return this.#ready.length - this.#at >= this.#lanes.most && !this.#isOver
  }

  #push(result: R): void {
    this.#ready.push(result)
    if (this.#waitingConsumers.length > 0) wakeAll(this.#waitingConsumers)
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    wakeAll(this.#waitingConsumers)
    wakeAll(this.#waitingLanes)
  }

  async #close(): Promise<void> {
    this.#isClosed = true
    this.#unsubscribe?.()
    // Only what is under way is waited for: a source that is itself waiting (for objects to land) is not.
    this.#feed.stop()
    wakeAll(this.#waitingConsumers)
    wakeAll(this.#waitingLanes)
    while (this.#underWay > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }
}

function wakeAll(waiting: (() => void)[]): void {
  for (const wake of waiting.splice(0)) wake()
}
