import { compareKeys } from '../../../internal/key-order.js'
import { type Turns, turnsOf } from '../../../internal/turns.js'
import { turnOfEventLoop } from '../../../internal/waits/real-timers.js'
import type { BegunStep } from '../../../journal/records.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { ObjectState } from '../../../model/object.js'
import type { StorageAdapter } from '../../../ports/storage.js'
import type { StageContext } from '../../context.js'
import { isFatal } from '../../validate.js'
import { type ChainFound, type ChainLink, chainsOf } from './chain-pass.js'
import type { Deferred } from './deferred.js'

/** So many copies are looked at together: with their originals they fill nearly one page of a list of versions. */
const mostWaiting = 450
/** A copy waits for at most this many other objects. An interrupted run reads again what was not recorded. */
const mostPassed = 5_000
const idleTurns = 64
/** So many are concluded before the work in the lanes has its turn. */
const concludedAtOnce = 16

/** The copies of an interrupted run, oldest first, that nothing on record shows to lie on what they were made of. */
export function unprovenOf(
  key: string,
  { versionId: original }: ObjectState,
  steps: readonly BegunStep[],
): readonly ChainLink[] {
  return steps.flatMap(({ step, result, madeOf = original }) => {
    if (step.action !== 'replace-metadata' || result === undefined) return []
    const { versionId, beneath } = result
    const isNamed = versionId !== undefined && versionId !== 'null' && madeOf !== undefined && madeOf !== 'null'
    const isProven = typeof beneath === 'object' && beneath.versionId === madeOf
    return isNamed && !isProven ? [{ key, versionId, madeOf }] : []
  })
}

/** Where a repair leaves it to a list of many keys what its copy came to lie on. */
export interface Chain {
  /** Whether the storage has shown that it lists versions. */
  readonly isReady: boolean
  /** It has, after a copy. */
  ready(): void
}

/**
 * Looks at what copies came to lie on, many of them by one list of versions (s3-facts, prices: a list costs as much as a
 * copy). Work that waits for that leaves its lane, and keeps its turn at its key.
 */
export class Chains {
  readonly #storage: StorageAdapter
  readonly #context: StageContext
  readonly #chain: Chain
  #waiting: Deferred<unknown>[] = []
  readonly #turns: Turns
  #pass: Promise<void> | undefined
  /** Somebody waits for what came after the list that is being read. */
  #isWanted = false
  #active = 0
  #passed = 0
  #isReady = false
  readonly #underWay = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined
  /** What failed in its lane, and whoever began it hears of. */
  #broken: { readonly error: unknown } | undefined

  constructor(storage: StorageAdapter, context: StageContext) {
    this.#storage = storage
    this.#turns = turnsOf(storage)
    this.#context = context
    const isReady = () => this.#isReady
    this.#chain = {
      get isReady() {
        return isReady()
      },
      ready: () => {
        this.#isReady = true
      },
    }
  }

  /** Does one piece of work in the turn of a key. Resolves when it is done, or waits for its chain; what fails later rejects {@link Chains.settled}. */
  async work(key: string, work: (chain: Chain) => Promise<Deferred<unknown> | undefined>): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error
    this.#active += 1
    this.#passed += 1
    const atWork = this.#atWork(key, work)
    const done = atWork.catch(() => {})
    this.#underWay.add(done)
    try {
      await atWork
    } finally {
      this.#underWay.delete(done)
      this.#active -= 1
      this.#lookIfDue()
    }
  }

  async #atWork(key: string, work: (chain: Chain) => Promise<Deferred<unknown> | undefined>): Promise<void> {
    const turn = this.#turns.enter(key)
    if (turn !== undefined) await turn
    let deferred: Deferred<unknown> | undefined
    try {
      // What was begun at this key may have ended in the middle: only a resumed run can take it up.
      const failure = this.#failure ?? this.#broken
      if (turn !== undefined && failure !== undefined) throw failure.error
      deferred = await work(this.#chain)
    } catch (error) {
      this.#broken ??= { error }
      throw error
    } finally {
      if (deferred === undefined) this.#turns.leave(key)
    }
    if (deferred === undefined) return
    // What waits must not pile up behind a list that takes its time.
    while (this.#pass !== undefined && this.#waiting.length >= mostWaiting) await this.#pass
    this.#waiting.push(deferred)
    // Whoever waits for the key, here or in another run, may be what keeps a lane at work.
    this.#turns.waits(key, this.#hurry)
  }

  readonly #hurry = (): void => this.#look()

  /** Resolves when all work is done. Rejects with what went wrong after a piece of work had left its lane. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0 || this.#waiting.length > 0 || this.#pass !== undefined) {
      this.#look()
      await Promise.all([...this.#underWay, this.#pass])
    }
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #lookIfDue(): void {
    if (this.#waiting.length === 0) this.#passed = 0
    else if (this.#waiting.length >= mostWaiting || this.#passed >= mostPassed) this.#look()
    else if (this.#active === 0) void this.#lookIfIdle()
  }

  /** The source of the work has another piece within a few turns of the microtask queue, or must wait for it itself. */
  async #lookIfIdle(): Promise<void> {
    for (let turn = 0; turn < idleTurns; turn += 1) {
      await undefined
      if (this.#active > 0) return
    }
    this.#look()
  }

  #look(): void {
    if (this.#waiting.length === 0) return
    if (this.#pass !== undefined) {
      this.#isWanted = true
      return
    }
    this.#isWanted = false
    const waiting = this.#waiting
    this.#waiting = []
    this.#passed = 0
    this.#pass = this.#answer(waiting).finally(() => {
      this.#pass = undefined
      if (this.#isWanted) this.#look()
      else this.#lookIfDue()
    })
  }

  async #answer(waiting: readonly Deferred<unknown>[]): Promise<void> {
    const inOrder = waiting.toSorted((a, b) => compareKeys(a.link.key, b.link.key))
    let at = 0
    try {
      for await (const found of chainsOf(
        this.#storage,
        inOrder.map(({ link }) => link),
        this.#context,
      )) {
        for (const one of found) {
          this.#conclude(inOrder[at], one)
          at += 1
          if (at % concludedAtOnce === 0) await turnOfEventLoop()
        }
      }
      for (const one of inOrder.slice(at)) this.#conclude(one, undefined)
    } catch (error) {
      // What concerns one list each repair finds out by itself, and says.
      const stops = !LegalHoldError.isInstance(error) || error.code === 'ABORTED' || isFatal(error)
      if (stops) this.#failure ??= { error }
      for (const one of inOrder.slice(at)) {
        if (stops) this.#turns.leave(one.link.key)
        else this.#conclude(one, undefined)
      }
    }
  }

  #conclude(deferred: Deferred<unknown> | undefined, found: ChainFound | undefined): void {
    if (deferred === undefined) return
    const { key } = deferred.link
    this.#turns.resumes(key)
    const done = deferred
      .conclude(found)
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .then(() => {
        this.#turns.leave(key)
        this.#underWay.delete(done)
      })
    this.#underWay.add(done)
  }
}
