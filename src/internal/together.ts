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
