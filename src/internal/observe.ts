import type { Logger } from '../ports/runtime.js'
import { isPending } from './waits/pending.js'

/**
 * Tells an observer. What it throws, or what its promise rejects with, is logged. An observer must not fail the
 * run that it watches, nor end the process by an unhandled rejection.
 */
export function observe<T>(
  observer: ((value: T) => unknown) | undefined,
  value: T,
  name: string,
  logger: Logger | undefined,
): void {
  if (observer === undefined) return
  const failed = (error: unknown) => logger?.warn(`${name} threw; the run continues.`, error)
  try {
    const answer = observer(value) as PromiseLike<unknown> | undefined
    if (isPending(answer)) answer.then(undefined, failed)
  } catch (error) {
    failed(error)
  }
}
