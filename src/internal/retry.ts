import pRetry from 'p-retry'
import { LegalHoldError, type LegalHoldErrorCode, type Stage } from '../model/errors.js'
import type { NewRunEvent } from '../model/events.js'
import type { Clock, ServiceAddress } from '../ports/runtime.js'
import { abortedError, throwIfAborted } from './abort.js'
import { systemClock } from './clock.js'
import { withDefaults } from './defaults.js'
import type { Lanes } from './lanes.js'
import { type RetryOptions, type RetryPolicy, retryDefaults } from './retry-policy.js'
import { type Contact, firstContactDelayMs, isUnreachable, openAlone } from './waits/contact.js'
import { slowAfterMs } from './waits/slow-answers.js'
import { inheritWaits, waitsOf } from './waits/waits.js'

export { type RetryOptions, retryDefaults } from './retry-policy.js'

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
  /** What is asked for, as an event names it. @defaultValue the stage */
  readonly subject?: string | undefined
  /** Who is asked, the same object each time. Its first answer is waited for less long. */
  readonly service?: ServiceAddress | undefined
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock | undefined
  /** Where requests wait for their turn, and hear that the server asks to slow down. */
  readonly lanes?: Lanes | undefined
  /** Told before each wait. Must not throw. */
  readonly onRetry?: ((error: LegalHoldError, attempt: number, delayMs: number) => void) | undefined
  /** Where waits are told. Must not throw. @defaultValue the run that the signal is bound to */
  readonly emit?: ((event: NewRunEvent) => void) | undefined
}

/** One attempt, from 1. It ends with its signal, which may be another than the call's. */
export type Attempt<T> = (attemptNumber: number, signal: AbortSignal | undefined) => Promise<T>

/**
 * Runs `attempt` until it succeeds, fails for good, or the policy is exhausted. The first attempt runs without
 * p-retry, which would cost more than a whole HEAD. From the first failure on p-retry runs the loop. The waits use
 * the injected clock. A server's Retry-After is obeyed exactly, without jitter.
 *
 * @param options the adapter's own policy; left out, that of the run counts
 */
export async function retrying<T>(
  attempt: Attempt<T>,
  options: RetryOptions | undefined,
  context: RetryContext,
): Promise<T> {
  const { lanes, signal } = context
  throwIfAborted(signal, context.stage)
  const waitMs = lanes?.turn() ?? 0
  if (lanes !== undefined && waitMs > 0) await takeTurn(lanes, waitMs, context)
  const waits = waitsOf(signal)
  const contact = waits === undefined ? openAlone(context.service) : waits.contacts?.openWith(context.service)
  const generation = lanes?.generation ?? 0
  try {
    // Every HEAD of a run comes past here: with a contact that is made, it costs no function and no promise more.
    const isFirstContact = contact !== undefined && !contact.isMade
    const pending = isFirstContact ? undefined : waits?.slow?.begin(context.stage, context.subject ?? context.stage)
    let result: T
    try {
      result = await (isFirstContact ? observed(attempt, contact, context)(1, signal) : attempt(1, signal))
    } finally {
      pending?.end()
    }
    lanes?.answered()
    lanes?.succeeded()
    return result
  } catch (error) {
    const ask = waits === undefined && contact === undefined ? attempt : observed(attempt, contact, context)
    const failedAt = (context.clock ?? systemClock).now()
    const policy = withDefaults<RetryPolicy>(retryDefaults, options ?? waits?.retry)
    tellLanes(lanes, generation, error, policy)
    const isInherited = options === undefined && waits?.retry !== undefined
    return repeat(ask, { error, failedAt, contact, isInherited }, policy, context)
  }
}

/** The same attempts, watched: one that is not answered for long is told, and the first contact has its own limit. */
function observed<T>(attempt: Attempt<T>, contact: Contact | undefined, context: RetryContext): Attempt<T> {
  const { stage, subject = stage } = context
  const slow = waitsOf(context.signal)?.slow
  return async (attemptNumber, signal) => {
    const pending = slow?.begin(stage, subject)
    try {
      if (contact === undefined || contact.isMade) return await attempt(attemptNumber, signal)
      return await contact.attempt((own) => attempt(attemptNumber, inheritWaits(own, signal)), { signal, stage })
    } finally {
      pending?.end()
    }
  }
}

interface FirstFailure {
  readonly error: unknown
  readonly failedAt: number
  /** Set if the service has not answered in this run. */
  readonly contact: Contact | undefined
  /** The policy is that of the run, which its stages would otherwise apply once more. */
  readonly isInherited: boolean
}

async function repeat<T>(
  attempt: Attempt<T>,
  first: FirstFailure,
  policy: RetryPolicy,
  context: RetryContext,
): Promise<T> {
  const { lanes, signal, clock = systemClock, stage, subject = stage } = context
  const emit = context.emit ?? waitsOf(signal)?.emit
  const isWorthIt = (error: unknown): error is LegalHoldError => isWorthRepeating(error) && !signal?.aborted
  const successes = lanes?.successes
  let same = { failure: '', times: 0 }
  const waitAfter = async (error: LegalHoldError, attemptNumber: number) => {
    const contact = first.contact?.isMade === false ? first.contact : undefined
    const longestMs = contact === undefined ? policy.maxDelayMs : Math.min(policy.maxDelayMs, firstContactDelayMs)
    const ceilingMs = Math.min(longestMs, policy.minDelayMs * 2 ** (attemptNumber - 1))
    const delayMs = error.retryAfterMs ?? Math.round(Math.random() * ceilingMs)
    const failure = outages.has(error.code) ? '' : `${error.code} ${error.answer?.operation ?? ''}`
    same = { failure, times: failure === same.failure ? same.times + 1 : 1 }
    const now = clock.now()
    const leftMs = contact?.leftMs ?? policy.totalTimeoutMs - (now - first.failedAt)
    const isLate = delayMs > leftMs || (contact !== undefined && leftMs <= 0)
    const isVain = failure !== '' && same.times > otherRepeats && policy.retries === Number.POSITIVE_INFINITY
    if (isLate || isVain) {
      exhausted.add(error)
      if (isLate && isUnreachable(error) && lanes !== undefined && lanes.successes === successes) ended.add(error)
      throw error
    }
    context.onRetry?.(error, attemptNumber, delayMs)
    emit?.({
      type: 'retry',
      stage,
      attempt: attemptNumber,
      delayMs,
      error,
      subject,
      reason: error.message,
      nextAt: instant(now + delayMs),
      givesUpAt: instant(now + leftMs),
    })
    contact?.pauses(now, delayMs)
    await pause(delayMs, context, contact?.over)
    if (lanes !== undefined) await takeTurn(lanes, lanes.turn(), context)
  }
  try {
    if (policy.retries === 0 || !isWorthIt(first.error)) throw first.error
    await waitAfter(first.error, 1)
    return await pRetry(
      async (repetition) => {
        const generation = lanes?.generation ?? 0
        try {
          const result = await attempt(repetition + 1, signal)
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
  } catch (error) {
    if (first.isInherited && error instanceof Error) exhausted.add(error)
    throw withoutContact(error, first.contact, context)
  }
}

/** What is left of a first contact that was never made says what was tried; whoever asked does not ask again. */
function withoutContact(error: unknown, contact: Contact | undefined, { signal, stage }: RetryContext): unknown {
  if (contact === undefined || contact.isMade || signal?.aborted || !LegalHoldError.isInstance(error)) return error
  if (!isUnreachable(error)) return error
  const failure = contact.failureAfter(error, stage)
  exhausted.add(failure)
  // Nobody answers there: every object after this one would hear the same.
  ended.add(failure)
  return failure
}

function instant(ms: number): string {
  // The last one that a Date can hold.
  return new Date(Math.min(ms, 8.64e15)).toISOString()
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
  const emit = context.emit ?? waitsOf(context.signal)?.emit
  for (let ms = firstMs; ms > 0; ms = lanes.turn()) {
    const { generation } = lanes
    if (ms > slowAfterMs) {
      const { stage, subject = stage } = context
      emit?.({ type: 'waiting', stage, subject, reason: 'the storage asks to slow down', waitedMs: 0, waitMs: ms })
    }
    await pause(ms, context)
    if (lanes.generation === generation) return
  }
}

/** Waits; an abort ends it at once, and so does what makes the wait pointless. */
async function pause(
  ms: number,
  { clock = systemClock, signal, stage }: RetryContext,
  over?: AbortSignal,
): Promise<void> {
  const ends = [signal, over].filter((one) => one !== undefined)
  try {
    await clock.sleep(ms, over === undefined ? signal : AbortSignal.any(ends))
  } catch (error) {
    if (signal?.aborted) throw abortedError(signal, stage)
    if (over?.aborted !== true) throw error
  }
}
