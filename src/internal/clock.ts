import type { Clock } from '../ports/runtime.js'

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      // setTimeout fires at once for more than 2^31-1 ms.
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
        Math.min(ms, 2_147_483_647),
      )
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  },
}
