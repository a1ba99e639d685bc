import pRetry from 'p-retry'
import { LegalHoldError, type Stage } from '../errors.js'
import type { Clock } from '../ports.js'
import { abortedError, throwIfAborted } from './abort.js'
import { systemClock } from './clock.js'
import { withDefaults } from './defaults.js'

/** How often and how patiently a request is repeated. Only errors marked `retryable` are. */
export interface RetryOptions {
  /** Repeats after the first attempt. @defaultValue 8 */
  readonly retries?: number | undefined
  /** First back-off, doubled each time, with full jitter. @defaultValue 200 */
  readonly minDelayMs?: number | undefined
  /** @defaultValue 20000 */
  readonly maxDelayMs?: number | undefined
  /** No repeat begins later than this after the first attempt. @defaultValue 600000 */
  readonly totalTimeoutMs?: number | undefined
}

type RetryPolicy = { [K in keyof RetryOptions]-?: number }

export const retryDefaults: RetryPolicy = { retries: 8, minDelayMs: 200, maxDelayMs: 20_000, totalTimeoutMs: 600_000 }

export interface RetryContext {
  readonly stage: Stage
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock | undefined
  /** Told before each wait. Must not throw. */
  readonly onRetry?: ((error: LegalHoldError, attempt: number, delayMs: number) => void) | undefined
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the policy is exhausted. p-retry carries the loop; the waits
 * go through the injected clock. A server's Retry-After is obeyed exactly, without jitter.
 */
export async function retrying<T>(
  attempt: (attemptNumber: number) => Promise<T>,
  options: RetryOptions | undefined,
  context: RetryContext,
): Promise<T> {
  const policy = withDefaults<RetryPolicy>(retryDefaults, options)
  const clock = context.clock ?? systemClock
  const { signal, stage } = context
  const startedAt = clock.now()
  throwIfAborted(signal, stage)
  return pRetry((attemptNumber) => attempt(attemptNumber), {
    retries: policy.retries,
    // The wait happens in onFailedAttempt, on the injected clock; p-retry's own is switched off.
    minTimeout: 0,
    maxTimeout: 0,
    shouldRetry: ({ error }) => LegalHoldError.isInstance(error) && error.retryable && !signal?.aborted,
    onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
      if (!LegalHoldError.isInstance(error) || !error.retryable || retriesLeft === 0) return
      const ceilingMs = Math.min(policy.maxDelayMs, policy.minDelayMs * 2 ** (attemptNumber - 1))
      const delayMs = error.retryAfterMs ?? Math.round(Math.random() * ceilingMs)
      if (clock.now() + delayMs - startedAt > policy.totalTimeoutMs) throw error
      context.onRetry?.(error, attemptNumber, delayMs)
      try {
        await clock.sleep(delayMs, signal)
      } catch {
        if (signal?.aborted) throw abortedError(signal, stage)
        throw error
      }
    },
  })
}
