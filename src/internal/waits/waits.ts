import type { NewRunEvent } from '../../model/events.js'
import type { RetryOptions } from '../retry-policy.js'
import type { Contacts } from './contact.js'
import type { SlowAnswers } from './slow-answers.js'

/** What a caller tells all that wait on its behalf, and what it wants to hear of their waits. */
export interface Waits {
  /** For adapters that were given no policy of their own. */
  readonly retry: RetryOptions | undefined
  /** With which services there has been contact. Absent outside of runs. */
  readonly contacts?: Contacts | undefined
  /** Told of each attempt. Absent if nobody listens. */
  readonly slow?: SlowAnswers | undefined
  /** Throws once nothing may be changed any more: asked right before each request that changes something. */
  readonly requireTime?: (() => void) | undefined
  /** Must not throw. */
  readonly emit: (event: NewRunEvent) => void
}

// Of the registry, so that the ES module and the CommonJS build of one process understand each other.
const bound = Symbol.for('genesys-legal-hold-exporter.waits')

interface Bound {
  readonly [bound]?: Waits | undefined
}

/**
 * Binds waits to a signal. Every call below a run carries the run's signal, or one that ends with it. The signal
 * tells an adapter on whose behalf it waits, so that its port needs no further option.
 */
export function bindWaits<S extends AbortSignal>(signal: S, waits: Waits | undefined): S {
  if (waits !== undefined) Object.defineProperty(signal, bound, { value: waits })
  return signal
}

/** The waits that a signal is bound to. */
export function waitsOf(signal: AbortSignal | undefined): Waits | undefined {
  return (signal as Bound | undefined)?.[bound]
}

/**
 * To be called right before a request that changes something goes out: between the decision and the request a process may have
 * been frozen for longer than it may work.
 */
export function requireTime(signal: AbortSignal | undefined): void {
  waitsOf(signal)?.requireTime?.()
}

/** A signal of its own for a part of a call, bound as the call's is. */
export function inheritWaits<S extends AbortSignal>(signal: S, from: AbortSignal | undefined): S {
  return bindWaits(signal, waitsOf(from))
}
