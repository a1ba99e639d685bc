import type { AppendOptions, Journal, JournalRecord } from '#src/index.js'

const forever = new Promise<never>(() => {})

/**
 * The life of a process that is killed at one of its steps: from then on nothing it calls has an effect or an answer,
 * as after SIGKILL. A step lies before and after each call to the outside.
 */
export class Life {
  readonly ended: Promise<'killed'>
  readonly #dieAt: number
  #die = () => {}
  #steps = 0
  #dead = false

  constructor(dieAt = Number.POSITIVE_INFINITY) {
    this.#dieAt = dieAt
    this.ended = new Promise((resolve) => {
      this.#die = () => resolve('killed')
    })
  }

  get dead(): boolean {
    return this.#dead
  }

  get steps(): number {
    return this.#steps
  }

  kill(): void {
    this.#dead = true
    this.#die()
  }

  async step(): Promise<void> {
    this.#steps += 1
    if (this.#steps >= this.#dieAt) this.kill()
    if (this.#dead) await forever
  }

  /** The target as this process sees it. */
  around<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => {
          const isStream = streams.has(String(name))
          if (isStream) return this.#stream(() => Reflect.apply(member, target, args))
          return this.#call(() => Reflect.apply(member, target, args))
        }
      },
    })
  }

  async #call(work: () => unknown): Promise<unknown> {
    await this.step()
    try {
      return await work()
    } finally {
      await this.step()
    }
  }

  async *#stream(open: () => AsyncIterable<unknown>): AsyncGenerator<unknown> {
    await this.step()
    for await (const item of open()) {
      if (this.#dead) await forever
      yield item
    }
    await this.step()
  }
}

const streams = new Set([
  'entries',
  'list',
  'listFolders',
  'listVersions',
  'expectedRecordings',
  'failedRecordings',
  'explainMissing',
  'readContent',
])

/**
 * A journal whose buffered records may be lost by a kill: as many of the last ones as `losing` says, down to the last
 * that was durable.
 */
export class FrailJournal implements Journal {
  readonly records: JournalRecord[] = []
  #durable = 0

  /** What the next process finds. */
  crash(losing: number): void {
    this.records.length = Math.max(this.#durable, this.records.length - losing)
  }

  async append(record: Omit<JournalRecord, 'sequence'>, { buffered = false }: AppendOptions = {}) {
    const kept = JSON.parse(JSON.stringify({ sequence: this.records.length + 1, ...record })) as JournalRecord
    this.records.push(kept)
    if (!buffered) this.#durable = this.records.length
    return kept
  }

  async *entries() {
    yield* [...this.records]
  }

  async head() {
    return this.records.at(-1)
  }
}
