import { sleepOrAbort } from '../../internal/abort.js'
import { retryDefaults } from '../../internal/retry.js'
import { slowAfterMs } from '../../internal/waits/slow-answers.js'
import { waitsOf } from '../../internal/waits/waits.js'
import { LegalHoldError, type Stage } from '../../model/errors.js'
import type { Clock } from '../../ports/runtime.js'

/** What the `inin-ratelimit-*` headers say of a token's minute. */
export interface RateQuota {
  /** Requests used. */
  readonly count: number
  /** Requests allowed. */
  readonly allowed: number
  /** Until the count begins again, in milliseconds. */
  readonly resetMs: number
}

/** The last tenth of a quota is spread over what is left of its time. */
const reserveShare = 0.1

/**
 * Delays the requests of one client. After a Retry-After all of them wait exactly that long, since the limit is
 * the token's. When the quota runs low they are spaced out, so that the limit is not hit at all.
 */
export class RateGate {
  readonly #clock: Clock
  readonly #longestWaitMs: number | undefined
  #retryAt = 0
  #quotaAt = 0
  #spacingMs = 0
  #spacingUntil = 0
  #nextAt = 0

  /**
   * Waits longer than `longestWaitMs` are refused instead of slept: the header of one answer must not stop a run.
   *
   * @param longestWaitMs left out, that of the run counts
   */
  constructor(clock: Clock, longestWaitMs: number | undefined) {
    this.#clock = clock
    this.#longestWaitMs = longestWaitMs
  }

  /**
   * Resolves when the next request may go. Rejects with `ABORTED` as soon as the signal fires.
   *
   * @throws `PLATFORM_RATE_LIMITED` at once, when the wait would be longer than the longest allowed.
   */
  async pass(operation: string, signal: AbortSignal | undefined, stage: Stage): Promise<void> {
    const waits = waitsOf(signal)
    const longestMs = this.#longestWaitMs ?? waits?.retry?.totalTimeoutMs ?? retryDefaults.totalTimeoutMs
    for (;;) {
      const now = this.#clock.now()
      const waitMs = Math.max(this.#retryAt, this.#quotaAt, this.#nextAt) - now
      if (waitMs <= 0) {
        this.#nextAt = now < this.#spacingUntil ? now + this.#spacingMs : 0
        return
      }
      if (waitMs > longestMs) throw tooLong(operation, waitMs, longestMs, stage)
      if (waitMs > slowAfterMs) {
        const reason = 'Genesys Cloud allows no more requests for now'
        waits?.emit({ type: 'waiting', stage, subject: operation, reason, waitedMs: 0, waitMs })
      }
      await sleepOrAbort(waitMs, { clock: this.#clock, signal }, stage)
    }
  }

  /** The server refused a request and said when to come back. */
  refused(retryAfterMs: number): void {
    this.#retryAt = Math.max(this.#retryAt, this.#clock.now() + retryAfterMs)
    // What the server asks for now counts more than what its headers let expect.
    this.#quotaAt = 0
    this.#spacingUntil = 0
    this.#nextAt = 0
  }

  /** Takes note of the quota that an answer shows. */
  observe(quota: RateQuota): void {
    const now = this.#clock.now()
    const remaining = quota.allowed - quota.count
    if (remaining <= 0) {
      this.#quotaAt = now + quota.resetMs
    } else if (remaining <= quota.allowed * reserveShare) {
      this.#spacingMs = quota.resetMs / remaining
      this.#spacingUntil = now + quota.resetMs
      this.#nextAt = Math.max(this.#nextAt, now + this.#spacingMs)
    } else {
      this.#spacingUntil = 0
      this.#nextAt = 0
    }
  }
}

function tooLong(operation: string, waitMs: number, longestWaitMs: number, stage: Stage): LegalHoldError {
  const [wait, longest] = [waitMs, longestWaitMs].map((ms) => Math.ceil(ms / 1_000))
  return new LegalHoldError(
    `Could not ${operation}: Genesys Cloud wants no request for ${wait} s, and retry.totalTimeoutMs allows ${longest} s. Try again then, or allow more.`,
    { code: 'PLATFORM_RATE_LIMITED', stage, retryable: true, outcome: 'not-applied', retryAfterMs: Math.ceil(waitMs) },
  )
}
