import type { Hooks, Passing } from './in-process-s3.js'

/** Lets the requests of several exporters through one at a time, in a given order. */
export class Turns {
  readonly #order: readonly number[]
  readonly #waiting = new Map<number, (() => void)[]>()
  /** When a version's tags were written last, and when each exporter read them, or the headers of anything, last. */
  readonly #written = new Map<string, number>()
  readonly #read = new Map<string, number>()
  #at = 0
  #isBusy = false
  /** Somebody's set of tags was written between another's reading and writing of it: S3 has no condition for that. */
  isTagLost = false

  constructor(exporters: number, order: readonly number[]) {
    this.#order = order
    for (let who = 0; who < exporters; who += 1) this.#waiting.set(who, [])
  }

  /** @param wire what the server makes of a request, or the exporter of an answer */
  hooksOf(who: number, wire: Partial<Pick<Hooks, 'rewrite' | 'answered'>> = {}): Hooks {
    return {
      before: async (request) => {
        await new Promise<void>((resolve) => {
          this.#waiting.get(who)?.push(resolve)
          this.#next()
        })
        this.#note(who, request)
        return { kind: 'pass' }
      },
      after: () => {
        this.#isBusy = false
        this.#next()
      },
      ...wire,
    }
  }

  done(who: number): void {
    this.#waiting.delete(who)
    this.#next()
  }

  #note(who: number, { operation, versionId = '' }: Passing): void {
    const reader = `${who} ${versionId}`
    if (operation === 'GET tagging') this.#read.set(reader, this.#at)
    if (operation === 'HEAD object') this.#read.set(`${who}`, this.#at)
    if (operation !== 'PUT tagging') return
    // A HEAD that counts no tags spares the reading of them.
    const readAt = this.#read.get(reader) ?? this.#read.get(`${who}`) ?? 0
    if ((this.#written.get(versionId) ?? 0) > readAt) this.isTagLost = true
    this.#written.set(versionId, this.#at)
    this.#read.set(reader, this.#at)
  }

  #next(): void {
    const alive = [...this.#waiting.keys()]
    // Everybody is heard before it is decided whose turn it is.
    if (this.#isBusy || alive.length === 0 || alive.some((who) => this.#waiting.get(who)?.length === 0)) return
    const chosen = alive[(this.#order[this.#at % this.#order.length] ?? 0) % alive.length] ?? 0
    this.#at += 1
    this.#isBusy = true
    this.#waiting.get(chosen)?.shift()?.()
  }
}
