import { realTimers, timersWereFake } from '../internal/waits/real-timers.js'
import type { Clock } from '../ports/runtime.js'

interface Sleeper {
  readonly wakeAt: number
  wake(): void
}

/**
 * A clock that only moves when told to, so that an hour of polling takes milliseconds.
 *
 * With `autoAdvance` (the default) a sleep moves the time to its own end as soon as the event loop is idle enough
 * to have let everything else run; without it, call {@link SimulatedClock.advance}. It works under `vi.useFakeTimers()` and
 * those of jest where this module was loaded before they were called, and is refused where it was loaded later.
 */
export class SimulatedClock implements Clock {
  #nowMs: number
  #sleepers: Sleeper[] = []
  readonly #autoAdvance: boolean

  constructor(options: { readonly now?: string | number | Date; readonly autoAdvance?: boolean } = {}) {
    this.#nowMs = new Date(options.now ?? '2023-10-20T12:00:00Z').getTime()
    this.#autoAdvance = options.autoAdvance ?? true
    if (this.#autoAdvance && timersWereFake) {
      throw new Error(
        'The timers were faked before genesys-legal-hold-exporter/testing was loaded, so that the simulated clock would ' +
          'wait for ever. Import it before you call useFakeTimers(), or fake the date alone: ' +
          "vi.useFakeTimers({ toFake: ['Date'] }), or with jest { doNotFake: ['setImmediate', 'setTimeout'] }.",
      )
    }
  }

  now(): number {
    return this.#nowMs
  }

  /** Sleeps that are pending. */
  get sleeping(): number {
    return this.#sleepers.length
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const remove = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        signal?.removeEventListener('abort', onAbort)
      }
      const onAbort = () => {
        remove()
        reject(signal?.reason)
      }
      const sleeper: Sleeper = {
        wakeAt: this.#nowMs + Math.max(0, ms),
        wake: () => {
          remove()
          resolve()
        },
      }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', onAbort, { once: true })
      if (this.#autoAdvance) realTimers.setImmediate(() => this.#wakeNext())
    })
  }

  /** Moves the time forward and wakes, in order, every sleeper whose time has come. */
  advance(ms: number): void {
    const until = this.#nowMs + ms
    for (;;) {
      const next = this.#earliest()
      if (next === undefined || next.wakeAt > until) break
      this.#nowMs = Math.max(this.#nowMs, next.wakeAt)
      next.wake()
    }
    this.#nowMs = until
  }

  #wakeNext(): void {
    const next = this.#earliest()
    if (next === undefined) return
    this.#nowMs = Math.max(this.#nowMs, next.wakeAt)
    next.wake()
  }

  #earliest(): Sleeper | undefined {
    return this.#sleepers.reduce<Sleeper | undefined>(
      (earliest, sleeper) => (earliest === undefined || sleeper.wakeAt < earliest.wakeAt ? sleeper : earliest),
      undefined,
    )
  }
}
