import type { Clock } from '../ports/runtime.js'
import { systemClock } from './clock.js'

/** How many requests are under way at once, and how many may begin in a second. */
export interface LanesOptions {
  /** Requests under way at most. */
  readonly most: number
  /** Requests under way at the beginning. @defaultValue 16, or `most` if that is less */
  readonly first?: number | undefined
  readonly clock?: Clock | undefined
}

/** How long an epoch lasts at least, in milliseconds: less says nothing about throughput. */
const epochMs = 25
/** A step up must bring at least this part of what it could bring at best. */
const leastGain = 0.25
/** Epochs to wait after a step up that brought nothing; doubled each time, up to the second number. */
const patience = [4, 32] as const
/** After a refusal: where the window settles beneath that, how long it takes to be back there, and to grow beyond. */
const settleAt = 0.97
const recoveryMs = 2_000
const growthMs = 12_000
const firstPauseMs = 100
const longestPauseMs = 5_000
/** Of so many works that wait beside their lanes the lanes are taken, as a part of all lanes. */
const mostBeside = 0.25
/** Requests that may begin together when the rate is limited, as time: timers are not more precise. */
const burstMs = 10

/** A refusal: what was going on when it came, and what was left of that. */
interface Refusal {
  readonly size: number
  readonly sizeAfter: number
  /** Requests a second; `undefined` if nothing had been measured yet. */
  readonly rate: number | undefined
  readonly rateAfter: number
  /** When the pause after it ends, in milliseconds. */
  at: number
}

/**
 * The lanes that carry a run's requests to the storage, all together. Lanes are added as long as that brings more
 * throughput. When the server asks to slow down (503 SlowDown), every lane pauses. Then half as many continue,
 * half as fast. They return quickly to just below the point of refusal, and climb slowly from there (the shape of
 * TCP CUBIC, RFC 9438). Nearly all of what the server grants is used, and few requests are refused.
 *
 * The rate is limited beside the window: at a latency of a millisecond, one lane more or less is a thousand
 * requests.
 */
export class Lanes {
  readonly most: number
  readonly #clock: Clock
  readonly #listeners = new Set<() => void>()
  #size: number
  #generation = 0
  // The epoch: requests that were answered since it began.
  #epochAt: number
  #answered = 0
  #epochEnd: number
  readonly #meter = new Meter()
  /** Window and rate before the last step up, and for how many epochs it has brought nothing. */
  #trial: { readonly size: number; readonly rate: number; epochs: number } | undefined
  #hold = 0
  #nextHold: number = patience[0]
  /** Where the server refused, and how far window and rate were cut. */
  #refused: Refusal | undefined
  /** Refusals without a grant between them. */
  #refusals = 0
  /** Requests granted since the last cut. */
  #granted = 0
  #successes = 0
  #pausedUntil = 0
  /** Requests a second that may begin. */
  #allowed = Number.POSITIVE_INFINITY
  #nextAt = 0
  /** Works that wait beside their lanes. */
  #beside = 0

  constructor({ most, first = 16, clock = systemClock }: LanesOptions) {
    this.most = most
    this.#clock = clock
    this.#size = Math.min(most, first)
    this.#epochAt = clock.now()
    this.#epochEnd = this.#size * 4
  }

  /** Lanes that may be used now. */
  get size(): number {
    return this.#size
  }

  /** Works that may be under way now: one in each lane, and up to a quarter more that wait beside theirs. */
  get room(): number {
    return this.#size + Math.min(this.#beside, Math.floor(this.#size * mostBeside))
  }

  /**
   * Waits for something that is not the storage. Other work takes the lane meanwhile. It is not waited for afterwards: whoever
   * is in the lane may wait for this very work.
   */
  async beside<T>(wait: Promise<T>): Promise<T> {
    this.#beside += 1
    this.#tell()
    try {
      return await wait
    } finally {
      this.#beside -= 1
    }
  }

  /** Which slow-down a request that begins now comes after. To be given to {@link Lanes.refused}. */
  get generation(): number {
    return this.#generation
  }

  /** Requests a second that may begin; infinite while nothing was refused. */
  get allowedPerSecond(): number {
    return this.#allowed
  }

  /** How much has succeeded so far; while it stands still, what fails may be more than one request. */
  get successes(): number {
    return this.#successes
  }

  /** Something was done, so that the service can be reached. */
  succeeded(): void {
    this.#successes += 1
  }

  /** Calls back whenever there may be more room, or less; returns what ends that. */
  onResize(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Milliseconds until a request may begin; a turn that is waited for is taken. */
  turn(): number {
    if (this.#refused === undefined) return 0
    const now = this.#clock.now()
    this.#recover(now)
    const at = Math.max(this.#nextAt, this.#pausedUntil, now - burstMs)
    this.#nextAt = at + 1_000 / this.#allowed
    return Math.max(0, Math.ceil(at - now))
  }

  /** A request was answered, whatever the answer says. */
  answered(): void {
    this.#answered += 1
    this.#granted += 1
    this.#meter.add(this.#clock.now())
    if (this.#answered >= this.#epochEnd) this.#endEpoch()
  }

  /**
   * The server asks to slow down. What was under way already when it first did says nothing new.
   *
   * @param generation of the request that was refused
   */
  refused(generation: number, retryAfterMs?: number): void {
    const now = this.#clock.now()
    if (retryAfterMs !== undefined) this.#pausedUntil = Math.max(this.#pausedUntil, now + retryAfterMs)
    if (generation < this.#generation) return
    this.#generation += 1
    if (this.#granted > 0) this.#refusals = 0
    const backOffMs = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#refusals) * (0.5 + Math.random() / 2)
    this.#refusals += 1
    this.#pausedUntil = Math.max(this.#pausedUntil, now + backOffMs)
    const former = this.#refused
    // Refused again before anything was granted: the pause was too short, which says nothing about the rate.
    if (former !== undefined && this.#granted === 0) former.at = this.#pausedUntil
    else this.#refused = this.#cut(now, former)
    this.#granted = 0
    this.#trial = undefined
    this.#recover(now)
    this.#beginEpoch(this.#pausedUntil)
  }

  #cut(now: number, former: Refusal | undefined): Refusal {
    // Cut again on its way back, the window still knows where it came from: the rate tells how far it may go.
    const isOnItsWay = former !== undefined && now - former.at < 2 * recoveryMs
    const measured = this.#meter.perSecond(now)
    const rate = Number.isFinite(this.#allowed)
      ? Math.min(this.#allowed, Math.max(measured ?? 0, this.#allowed / 2))
      : measured
    return {
      size: isOnItsWay ? former.size : this.#size,
      sizeAfter: Math.max(1, Math.floor(this.#size / 2)),
      rate,
      rateAfter: rate === undefined ? Number.POSITIVE_INFINITY : rate / 2,
      at: this.#pausedUntil,
    }
  }

  /** Window and rate as far as they have recovered: half at first, soon all, then slowly beyond. */
  #recover(now: number): void {
    if (this.#refused === undefined) return
    const { size, sizeAfter, rate, rateAfter, at } = this.#refused
    const sinceMs = Math.max(0, now - at)
    const missing = sinceMs < recoveryMs ? (1 - sinceMs / recoveryMs) ** 3 : 0
    const growth = sinceMs < recoveryMs ? 1 : 1 + 0.5 * ((sinceMs - recoveryMs) / growthMs) ** 3
    if (growth > 4) {
      this.#refused = undefined
      this.#allowed = Number.POSITIVE_INFINITY
      return
    }
    const between = (full: number, cut: number) => full * settleAt * growth - (full * settleAt - cut) * missing
    this.#allowed = rate === undefined ? Number.POSITIVE_INFINITY : Math.max(1, between(rate, rateAfter))
    this.#resize(Math.max(sizeAfter, Math.floor(between(size, sizeAfter))))
  }

  #endEpoch(): void {
    const now = this.#clock.now()
    const elapsedMs = now - this.#epochAt
    if (elapsedMs < epochMs) {
      // A clock that stands still measures nothing: then the window simply grows.
      this.#epochEnd += this.#size * 4
      if (elapsedMs <= 0 && this.#refused === undefined) this.#resize(this.#size * 2)
      return
    }
    const rate = (this.#answered / elapsedMs) * 1_000
    if (this.#refused !== undefined) this.#recover(now)
    else if (this.#hold > 0) this.#hold -= 1
    else this.#climb(rate)
    this.#beginEpoch(now)
  }

  /** One step up, kept if it brings more throughput in one of two epochs. */
  #climb(rate: number): void {
    const trial = this.#trial
    if (trial !== undefined) {
      const worthwhile = trial.rate * (1 + leastGain * (this.#size / trial.size - 1))
      if (rate < worthwhile) {
        trial.epochs += 1
        if (trial.epochs < 2) return
        this.#trial = undefined
        this.#hold = this.#nextHold
        this.#nextHold = Math.min(patience[1], this.#nextHold * 2)
        this.#resize(trial.size)
        return
      }
      this.#nextHold = patience[0]
    }
    this.#trial = this.#size < this.most ? { size: this.#size, rate, epochs: 0 } : undefined
    this.#resize(this.#size * 2)
  }

  #beginEpoch(now: number): void {
    this.#epochAt = now
    this.#answered = 0
    this.#epochEnd = this.#size * 4
  }

  #resize(size: number): void {
    const bounded = Math.max(1, Math.min(this.most, size))
    if (bounded === this.#size) return
    this.#size = bounded
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

const slotMs = 100
const slots = 10

/** Counts what was granted in the last second: servers that count by the second grant all of it at its beginning. */
class Meter {
  readonly #counts = new Array<number>(slots).fill(0)
  #slot = Number.NEGATIVE_INFINITY
  #since: number | undefined

  add(now: number): void {
    this.#since ??= now
    this.#moveTo(Math.floor(now / slotMs))
    const at = this.#slot % slots
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
  }

  /** `undefined` before anything was measured for long enough. */
  perSecond(now: number): number | undefined {
    if (this.#since === undefined) return undefined
    this.#moveTo(Math.floor(now / slotMs))
    const spanMs = Math.min(now - this.#since, (slots - 1) * slotMs + (now % slotMs))
    if (spanMs < epochMs) return undefined
    return (this.#counts.reduce((total, count) => total + count, 0) / spanMs) * 1_000
  }

  #moveTo(slot: number): void {
    if (slot === this.#slot) return
    for (let passed = Math.max(this.#slot + 1, slot - slots + 1); passed <= slot; passed += 1) {
      this.#counts[passed % slots] = 0
    }
    this.#slot = slot
  }
}
