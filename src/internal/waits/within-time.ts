import type { Stage } from '../../model/errors.js'
import { orAbort } from '../abort.js'

/** How long work may take, and who may end it. */
export interface TimeLimit {
  /** At most some 24 days, which is as far as a timer reaches. */
  readonly timeoutMs: number
  /** What the work rejects with where it takes longer. */
  readonly late: () => Error
  readonly signal?: AbortSignal | undefined
  readonly stage: Stage
}

/**
 * Work that ends in time, whatever it does itself: it rejects with the error of the limit, or with `ABORTED` as soon as the
 * caller's signal fires. In either case, and where it fails, the signal that it was given fires. By the clock of the machine:
 * it bounds a real connection.
 */
export async function withinTime<T>(
  work: (attempt: AbortSignal) => Promise<T>,
  { timeoutMs, late, signal, stage }: TimeLimit,
): Promise<T> {
  const attempt = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), Math.min(2_147_483_647, timeoutMs))
  })
  try {
    return await orAbort(Promise.race([work(attempt.signal), timeout]), signal, stage)
  } catch (error) {
    attempt.abort(error)
    throw error
  } finally {
    clearTimeout(timer)
  }
}
