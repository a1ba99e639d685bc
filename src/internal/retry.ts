import pRetry from 'p-retry'
import { LegalHoldError, type LegalHoldErrorCode, type Stage } from '../model/errors.js'
import type { Clock } from '../ports/runtime.js'
import { abortedError, throwIfAborted } from './abort.js'
import { systemClock } from './clock.js'
import { withDefaults } from './defaults.js'
import type { Lanes } from './lanes.js'

/** How often and how patiently a request is repeated. Only errors marked `retryable` are. */
export interface RetryOptions {
  /**
   * Repeats after the first attempt.
   *
   * @defaultValue As many as `totalTimeoutMs` allows while the service cannot be reached or does not work (network,
   * timeout, 429, 5xx); 8 of the same in a row after any other failure
   */
  readonly retries?: number | undefined
  /** First back-off, doubled each time, with full jitter. @defaultValue 200 */
  readonly minDelayMs?: number | undefined
  /** @defaultValue 20000 */
  readonly maxDelayMs?: number | undefined
  /**
   * So long an outage may last: no repeat begins later than this after the first failure, and no longer wait that a
   * server asks for is obeyed.
   *
   * @defaultValue 600000 (10 min)
   */
  readonly totalTimeoutMs?: number | undefined
}

type RetryPolicy = { [K in keyof RetryOptions]-?: number }

export const retryDefaults: RetryPolicy = {
  retries: Number.POSITIVE_INFINITY,
  minDelayMs: 200,
  maxDelayMs: 20_000,
  totalTimeoutMs: 600_000,
}

/** Failures that pass by themselves. What another one does not gain by 8 repeats it does not gain by a hundred. */
const outages: ReadonlySet<LegalHoldErrorCode> = new Set<LegalHoldErrorCode>([
  'NETWORK_ERROR',
  'TIMEOUT',
  'STORAGE_THROTTLED',
  'STORAGE_UNAVAILABLE',
  'PLATFORM_RATE_LIMITED',
  'PLATFORM_UNAVAILABLE',
  'MISSING_CREDENTIALS',
])
const otherRepeats = 8

// An adapter that has waited its time for one request of an operation: whoever repeats the operation does not wait again.
const exhausted = new WeakSet<Error>()

// Nothing else succeeded either for all that time.
const ended = new WeakSet<Error>()

/** Whether an error is the end of the run's patience with a network that is gone, and not the fault of one object. */
export function isLastingOutage(error: unknown): boolean {
  return error instanceof Error && ended.has(error)
}

/** Whether an error may be repeated, and nobody has spent the time for that yet. */
export function isWorthRepeating(error: unknown): error is LegalHoldError {
  return LegalHoldError.isInstance(error) && error.retryable && !exhausted.has(error)
}

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
  const { lanes } = context
  throwIfAborted(context.signal, context.stage)
  const waitMs = lanes?.turn() ?? 0
  if (lanes !== undefined && waitMs > 0) await takeTurn(lanes, waitMs, context)
  const generation = lanes?.generation ?? 0
  try {
    const result = await attempt(1)
    lanes?.answered()
    lanes?.succeeded()
    return result
  } catch (error) {
    const failedAt = (context.clock ?? systemClock).now()
    const policy = withDefaults<RetryPolicy>(retryDefaults, options)
    tellLanes(lanes, generation, error, policy)
    return repeat(attempt, { error, failedAt }, policy, context)
  }
}

async function repeat<T>(
  attempt: (attemptNumber: number) => Promise<T>,
  first: { readonly error: unknown; readonly failedAt: number },
  policy: RetryPolicy,
  context: RetryContext,
): Promise<T> {
  const { lanes, signal, clock = systemClock } = context
  const isWorthIt = (error: unknown): error is LegalHoldError => isWorthRepeating(error) && !signal?.aborted
  const successes = lanes?.successes
  let same = { failure: '', times: 0 }
  const waitAfter = async (error: LegalHoldError, attemptNumber: number) => {
    const ceilingMs = Math.min(policy.maxDelayMs, policy.minDelayMs * 2 ** (attemptNumber - 1))
    const delayMs = error.retryAfterMs ?? Math.round(Math.random() * ceilingMs)
    const failure = outages.has(error.code) ? '' : `${error.code} ${error.answer?.operation ?? ''}`
    same = { failure, times: failure === same.failure ? same.times + 1 : 1 }
    const isLate = clock.now() + delayMs - first.failedAt > policy.totalTimeoutMs
    const isVain = failure !== '' && same.times > otherRepeats && policy.retries === Number.POSITIVE_INFINITY
    if (isLate || isVain) {
      exhausted.add(error)
      const isUnreachable = error.code === 'NETWORK_ERROR' || error.code === 'TIMEOUT'
      if (isLate && isUnreachable && lanes !== undefined && lanes.successes === successes) ended.add(error)
      throw error
    }
    context.onRetry?.(error, attemptNumber, delayMs)
    await pause(delayMs, context)
    if (lanes !== undefined) await takeTurn(lanes, lanes.turn(), context)
  }
  if (policy.retries === 0 || !isWorthIt(first.error)) throw first.error
  await waitAfter(first.error, 1)
  return pRetry(
    async (repetition) => {
      const generation = lanes?.generation ?? 0
      try {
        const result = await attempt(repetition + 1)
        lanes?.answered()
        lanes?.succeeded()
        return result
      } catch (error) {
        tellLanes(lanes, generation, error, policy)
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

function tellLanes(lanes: Lanes | undefined, generation: number, error: unknown, policy: RetryPolicy): void {
  if (lanes === undefined) return
  const isRefusal = LegalHoldError.isInstance(error) && error.code === 'STORAGE_THROTTLED'
  if (!isRefusal) {
    lanes.answered()
    return
  }
  const { retryAfterMs = 0 } = error
  // The header of one answer must not stop a run: the others do not wait either for as long as its own request refuses to.
  lanes.refused(generation, retryAfterMs > policy.totalTimeoutMs ? undefined : retryAfterMs)
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
