import { forManyListeners } from './abort.js'
import { inheritWaits } from './waits/waits.js'

/**
 * Asks several questions side by side. When one fails the others are aborted and waited for, so that nothing continues
 * behind the back of whoever gets the error.
 */
export async function together<T extends readonly unknown[]>(
  signal: AbortSignal | undefined,
  ...questions: { readonly [K in keyof T]: (signal: AbortSignal) => Promise<T[K]> }
): Promise<T> {
  const stop = stopOf(signal)
  let failure: { readonly error: unknown } | undefined
  const answers = await Promise.all(
    questions.map((ask) =>
      begun(ask, stop.signal).catch((error: unknown) => {
        failure ??= { error }
        stop.abort(error)
      }),
    ),
  )
  if (signal !== undefined && !stop.signal.aborted) spare.get(signal)?.push(stop)
  if (failure !== undefined) throw failure.error
  return answers as unknown as T
}

/** Somebody else's adapter may throw where it should reject, or give a promise of its own kind. */
function begun<R>(ask: (signal: AbortSignal) => Promise<R>, signal: AbortSignal): Promise<R> {
  try {
    return Promise.resolve(ask(signal))
  } catch (error) {
    return Promise.reject(error)
  }
}

/**
 * What stopped nothing, by the signal of its caller: every repair asks side by side, and a controller with its listeners
 * costs as much as a question. There are as many as have asked at once.
 */
const spare = new WeakMap<AbortSignal, AbortController[]>()

function stopOf(signal: AbortSignal | undefined): AbortController {
  const unused = signal === undefined ? undefined : spare.get(signal)?.pop()
  if (unused !== undefined) return unused
  const stop = new AbortController()
  inheritWaits(forManyListeners(stop.signal), signal)
  if (signal === undefined) return stop
  if (!spare.has(signal)) spare.set(signal, [])
  const onAbort = () => stop.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  // What is spoilt listens no more.
  stop.signal.addEventListener('abort', () => signal.removeEventListener('abort', onAbort), { once: true })
  return stop
}

/**
 * Like `Promise.all`, for values of which all may be there already: then there is nothing to wait for, and of one promise only
 * that is waited for. A promise for each would cost as much as what is read.
 */
export function allOf<T extends readonly unknown[]>(
  values: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> | { -readonly [K in keyof T]: Awaited<T[K]> } {
  type All = { -readonly [K in keyof T]: Awaited<T[K]> }
  const first = values.findIndex((value) => isPending(value))
  if (first < 0) return values as unknown as All
  if (values.findLastIndex((value) => isPending(value)) > first) return Promise.all(values)
  return (values[first] as Promise<unknown>).then((value) => values.toSpliced(first, 1, value) as unknown as All)
}

/**
 * Whether something is still to come. By what it can do: an async function gives Node's own promise, which is no instance of
 * what a program or its instrumentation may have put in the place of the global one.
 */
export function isPending<T>(value: T): value is Extract<T, PromiseLike<unknown>> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function'
}
