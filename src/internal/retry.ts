import pRetry from 'p-retry'
import { LegalHoldError, type Stage } from '../errors.js'
import type { Clock } from '../ports.js'
import { abortedError, throwIfAborted } from './abort.js'
import { systemClock } from './clock.js'
import { withDefaults } from './defaults.js'
import type { Lanes } from './lanes.js'

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
  /** Where requests wait for their turn, and hear that the server asks to slow down. */
  readonly lanes?: Lanes | undefined
  /** Told before each wait. Must not throw. */
  readonly onRetry?: ((error: LegalHoldError, attempt: number, delayMs: number) => void) | undefined
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the policy is exhausted. p-retry carries the loop from the first
 * failure on: entered before, it costs more than a whole HEAD. The waits go through the injected clock. A server's
 * Retry-After is obeyed exactly, without jitter.
 */
export async function retrying<T>(
  attempt: (attemptNumber: number) => Promise<T>,
  options: RetryOptions | undefined,
  context: RetryContext,
): Promise<T> {
  const { lanes, clock = systemClock } = context
  const startedAt = clock.now()
  throwIfAborted(context.signal, context.stage)
  const waitMs = lanes?.turn() ?? 0
  if (lanes !== undefined && waitMs > 0) await takeTurn(lanes, waitMs, context)
  const generation = lanes?.generation ?? 0
  try {
    const result = await attempt(1)
    lanes?.answered()
    return result
  } catch (error) {
    tellLanes(lanes, generation, error)
    return repeat(attempt, error, startedAt, options, context)
  }
}

async function repeat<T>(
  attempt: (attemptNumber: number) => Promise<T>,
  firstError: unknown,
  startedAt: number,
  options: RetryOptions | undefined,
  context: RetryContext,
): Promise<T> {
  const policy = withDefaults<RetryPolicy>(retryDefaults, options)
  const { lanes, signal, clock = systemClock } = context
  const isWorthIt = (error: unknown): error is LegalHoldError =>
    LegalHoldError.isInstance(error) && error.retryable && !signal?.aborted
  const waitAfter = async (error: LegalHoldError, attemptNumber: number) => {
    const ceilingMs = Math.min(policy.maxDelayMs, policy.minDelayMs * 2 ** (attemptNumber - 1))
    const delayMs = error.retryAfterMs ?? Math.round(Math.random() * ceilingMs)
    if (clock.now() + delayMs - startedAt > policy.totalTimeoutMs) throw error
    context.onRetry?.(error, attemptNumber, delayMs)
    await pause(delayMs, context)
    if (lanes !== undefined) await takeTurn(lanes, lanes.turn(), context)
  }
  if (policy.retries === 0 || !isWorthIt(firstError)) throw firstError
  await waitAfter(firstError, 1)
  return pRetry(
    async (repetition) => {
      const generation = lanes?.generation ?? 0
      try {
        const result = await attempt(repetition + 1)
        lanes?.answered()
        return result
      } catch (error) {
        tellLanes(lanes, generation, error)
        throw error
      }
    },
    {
      retries: policy.retries - 1,
      // The wait happens in onFailedAttempt, on the injected clock; p-retry's own is switched off.
      minTimeout: 0,
      maxTimeout: 0,
      shouldRetry: ({ error }) => isWorthIt(error),
      onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
        if (retriesLeft > 0 && isWorthIt(error)) await waitAfter(error, attemptNumber + 1)
      },
    },
  )
}

function tellLanes(lanes: Lanes | undefined, generation: number, error: unknown): void {
  if (lanes === undefined) return
  const isRefusal = LegalHoldError.isInstance(error) && error.code === 'STORAGE_THROTTLED'
  if (isRefusal) lanes.refused(generation, error.retryAfterMs)
  else lanes.answered()
}

/** Waits for a turn; for another one, if the server has asked to slow down meanwhile. */
async function takeTurn(lanes: Lanes, firstMs: number, context: RetryContext): Promise<void> {
  for (let ms = firstMs; ms > 0; ms = lanes.turn()) {
    const { generation } = lanes
    await pause(ms, context)
    if (lanes.generation === generation) return
  }
}

/** Waits; an abort ends it at once. */
async function pause(ms: number, { clock = systemClock, signal, stage }: RetryContext): Promise<void> {
  try {
    await clock.sleep(ms, signal)
  } catch (error) {
    if (signal?.aborted) throw abortedError(signal, stage)
    throw error
  }
}
