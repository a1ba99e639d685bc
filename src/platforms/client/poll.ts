import { slowAfterMs } from '../../internal/waits/slow-answers.js'
import { waitsOf } from '../../internal/waits/waits.js'
import type { Stage } from '../../model/errors.js'
import type { CallOptions, Clock } from '../../ports/runtime.js'

/** Something that the platform works on and that is asked about until it is done. Times in milliseconds. */
interface Poll {
  readonly stage: Stage
  readonly subject: string
  /** The platform's own word. */
  readonly state: string | undefined
  readonly startedAt: number
  readonly giveUpAt: number
}

/** Tells the waiting caller, before each pause, once the wait is a long one. */
export function tellOfPoll(
  { stage, subject, state, startedAt, giveUpAt }: Poll,
  { clock, signal }: CallOptions & { readonly clock: Clock },
): void {
  const now = clock.now()
  if (now - startedAt < slowAfterMs) return
  const reason = `Genesys Cloud says ${state ?? 'nothing about its state'}`
  waitsOf(signal)?.emit({ type: 'waiting', stage, subject, reason, waitedMs: now - startedAt, waitMs: giveUpAt - now })
}
