import { compareKeys } from '../../../internal/key-order.js'
import { type Turns, turnsOf } from '../../../internal/turns.js'
import type { BegunStep } from '../../../journal/records.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { ObjectState } from '../../../model/object.js'
import type { StorageAdapter } from '../../../ports/storage.js'
import type { StageContext } from '../../context.js'
import { isFatal } from '../../validate.js'
import { type ChainFound, type ChainLink, chainsOf } from './chain-pass.js'

/** So many copies are looked at together: with their originals they fill nearly one page of a list of versions. */
const mostWaiting = 450
/** A copy waits for at most this many other objects. An interrupted run reads again what was not recorded. */
const mostPassed = 5_000
const idleTurns = 64

/** The one copy of an interrupted run, where it was made and nothing tells what it came to lie on. */
export function unprovenOf(
  key: string,
  { versionId: madeOf }: ObjectState,
  steps: readonly BegunStep[],
): ChainLink | undefined {
  const copies = steps.filter(({ step }) => step.action === 'replace-metadata')
  const { versionId, beneath } = copies[0]?.result ?? {}
  const isNamed = versionId !== undefined && versionId !== 'null' && madeOf !== undefined && madeOf !== 'null'
  return copies.length === 1 && isNamed && beneath === undefined ? { key, versionId, madeOf } : undefined
}

/** Where a repair asks what its copy came to lie on. */
export interface Chain {
  /** Whether the storage has shown that it lists versions. */
  readonly isReady: boolean
  /** It has, after a copy. */
  ready(): void
  /** Resolves once the versions were listed; `undefined` if they could not be, or the copy is not among them. */
  find(link: ChainLink): Promise<ChainFound | undefined>
}

interface Waiting {
  readonly link: ChainLink
  readonly resolve: (found: ChainFound | undefined) => void
  readonly reject: (error: unknown) => void
}

/**
 * Looks at what copies came to lie on, many of them by one list of versions (s3-facts, prices: a list costs as much as a
 * copy). Work that waits for that leaves its lane.
 */
export class Chains {
  readonly #storage: StorageAdapter
  readonly #context: StageContext
  #waiting: Waiting[] = []
  readonly #turns: Turns
  #pass: Promise<void> | undefined
  /** Somebody waits for what came after the list that is being read. */
  #isWanted = false
  #active = 0
  #passed = 0
  #isReady = false
  readonly #late = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  constructor(storage: StorageAdapter, context: StageContext) {
    this.#storage = storage
    this.#turns = turnsOf(storage)
    this.#context = context
  }

  /** Does one piece of work in the turn of a key. Resolves when it is done, or waits for its chain; what fails later rejects {@link Chains.settled}. */
  work(work: (chain: Chain) => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    this.#active += 1
    this.#passed += 1
    return new Promise<void>((resolve, reject) => {
      let isAtWork = true
      const leave = () => {
        if (!isAtWork) return
        isAtWork = false
        this.#active -= 1
        resolve()
        this.#lookIfDue()
      }
      const isReady = () => this.#isReady
      const chain: Chain = {
        get isReady() {
          return isReady()
        },
        ready: () => {
          this.#isReady = true
        },
        find: async (link) => {
          // What waits must not pile up behind a list that takes its time.
          while (this.#pass !== undefined && this.#waiting.length >= mostWaiting) await this.#pass
          const found = this.#enqueue(link)
          leave()
          // Whoever waits for the key, here or in another run, may be what keeps a lane at work.
          return this.#turns.waiting(link.key, () => this.#look(), found)
        },
      }
      const done = work(chain).then(leave, (error: unknown) => {
        if (!isAtWork) this.#failure ??= { error }
        reject(error)
        leave()
      })
      this.#late.add(done)
      void done.then(() => this.#late.delete(done))
    })
  }

  /** Resolves when all work is done. Rejects with what went wrong after a piece of work had left its lane. */
  async settled(): Promise<void> {
    while (this.#late.size > 0) {
      this.#look()
      await Promise.all(this.#late)
    }
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #enqueue(link: ChainLink): Promise<ChainFound | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ link, resolve, reject })
    })
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

  async #answer(waiting: readonly Waiting[]): Promise<void> {
    const inOrder = waiting.toSorted((a, b) => compareKeys(a.link.key, b.link.key))
    const links = inOrder.map(({ link }) => link)
    const left = new Set(inOrder)
    try {
      let at = 0
      for await (const found of chainsOf(this.#storage, links, this.#context)) {
        const one = inOrder[at]
        at += 1
        if (one === undefined) continue
        left.delete(one)
        one.resolve(found)
      }
      for (const { resolve } of left) resolve(undefined)
    } catch (error) {
      // What concerns one list each repair finds out by itself, and says.
      const stops = !LegalHoldError.isInstance(error) || error.code === 'ABORTED' || isFatal(error)
      for (const { resolve, reject } of left) {
        if (stops) reject(error)
        else resolve(undefined)
      }
    }
  }
}
