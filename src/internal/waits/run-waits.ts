import type { NewRunEvent } from '../../model/events.js'
import { forManyListeners } from '../abort.js'
import type { RetryOptions } from '../retry-policy.js'
import { Contacts } from './contact.js'
import { SlowAnswers } from './slow-answers.js'
import { bindWaits } from './waits.js'

interface WaitSettings {
  readonly retry: RetryOptions | undefined
  readonly connectTimeoutMs: number
}

/** What a run is bound to. */
export interface RunWaits {
  /** Aborts with the caller's, and carries the waits. */
  readonly signal: AbortSignal
  /** The run is over. */
  end(): void
}

/** A signal for one run, whose adapters wait by its policy and tell of their waits. */
export function runWaits(
  outer: AbortSignal | undefined,
  settings: WaitSettings,
  emit: ((event: NewRunEvent) => void) | undefined,
): RunWaits {
  const own = new AbortController()
  const onAbort = () => own.abort(outer?.reason)
  if (outer?.aborted) onAbort()
  outer?.addEventListener('abort', onAbort, { once: true })
  const slow = emit === undefined ? undefined : new SlowAnswers(emit)
  bindWaits(forManyListeners(own.signal), {
    retry: settings.retry,
    contacts: new Contacts(settings.connectTimeoutMs),
    slow,
    emit: emit ?? (() => {}),
  })
  return {
    signal: own.signal,
    end() {
      outer?.removeEventListener('abort', onAbort)
      slow?.close()
    },
  }
}

/** The same for a single call, about which nobody is told anything. It needs no end. */
export function callSignal(outer: AbortSignal | undefined, { retry, connectTimeoutMs }: WaitSettings): AbortSignal {
  const signal = outer === undefined ? new AbortController().signal : AbortSignal.any([outer])
  return bindWaits(signal, { retry, contacts: new Contacts(connectTimeoutMs), emit: () => {} })
}
