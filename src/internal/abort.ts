import { setMaxListeners } from 'node:events'
import { LegalHoldError, type Stage } from '../model/errors.js'
import type { CallOptions, Clock } from '../ports/runtime.js'

/** The error every aborted call rejects with; the caller's own reason is its cause. */
export function abortedError(signal: AbortSignal, stage: Stage): LegalHoldError {
  return new LegalHoldError(`The call was aborted during ${stage}. What was finished stays; the rest was not begun.`, {
    code: 'ABORTED',
    stage,
    cause: signal.reason,
  })
}

/** Every operation under way listens to the run's signal; Node warns of a leak from the eleventh on. */
export function forManyListeners<S extends AbortSignal | undefined>(signal: S): S {
  if (signal !== undefined) setMaxListeners(0, signal)
  return signal
}

/** Throws `ABORTED` if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined, stage: Stage): void {
  if (signal?.aborted) throw abortedError(signal, stage)
}

/** Waits by a clock. Rejects with `ABORTED` as soon as the signal fires. */
export async function sleepOrAbort(
  ms: number,
  { clock, signal }: CallOptions & { readonly clock: Pick<Clock, 'sleep'> },
  stage: Stage,
): Promise<void> {
  try {
    await clock.sleep(ms, signal)
  } catch (error) {
    throwIfAborted(signal, stage)
    throw error
  }
}

/**
 * Rejects with `ABORTED` as soon as the signal fires, else settles as the work does. One listener, removed when
 * either happens: `AbortSignal.any` per call would retain a dependent on a long-lived signal for each call.
 */
export async function orAbort<T>(work: Promise<T>, signal: AbortSignal | undefined, stage: Stage): Promise<T> {
  if (signal === undefined) return work
  if (signal.aborted) {
    work.catch(() => {})
    throw abortedError(signal, stage)
  }
  let onAbort: (() => void) | undefined
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        onAbort = () => reject(abortedError(signal, stage))
        signal.addEventListener('abort', onAbort, { once: true })
      }),
    ])
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort)
  }
}
