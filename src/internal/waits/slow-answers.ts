import type { Stage } from '../../model/errors.js'
import type { NewRunEvent } from '../../model/events.js'
import { type Linked, LinkedList } from '../tables/linked-list.js'

/** An answer that takes longer is worth an event. */
export const slowAfterMs = 5_000
const everyMs = 1_000

/** A request, or another work, that is not done yet. One object and no function for each: every HEAD of a run has one. */
export class Pending implements Linked<Pending> {
  readonly stage: Stage
  readonly subject: string
  readonly reason: string
  readonly since = performance.now()
  isTold = false
  previous: Pending | undefined
  next: Pending | undefined
  #among: LinkedList<Pending> | undefined

  constructor(among: LinkedList<Pending>, stage: Stage, subject: string, reason: string) {
    this.#among = among
    this.stage = stage
    this.subject = subject
    this.reason = reason
    among.insertAfter(among.last, this)
  }

  end(): void {
    this.#among?.remove(this)
    this.#among = undefined
  }
}

/**
 * Reports single requests that are not answered for long, regardless of their sender. One timer for all of them: a
 * timer for each HEAD of a million would cost more than what it tells. It is real time, as that of the connections
 * is, and keeps no process alive.
 */
export class SlowAnswers {
  /** In the order in which they began. */
  readonly #pending = new LinkedList<Pending>()
  readonly #emit: (event: NewRunEvent) => void
  readonly #timer: ReturnType<typeof setInterval>

  constructor(emit: (event: NewRunEvent) => void) {
    this.#emit = emit
    this.#timer = setInterval(() => this.#look(), everyMs)
    this.#timer.unref?.()
  }

  /** A request or another work begins. */
  begin(stage: Stage, subject: string, reason = 'no answer yet'): Pending {
    return new Pending(this.#pending, stage, subject, reason)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const now = performance.now()
    for (let pending = this.#pending.first; pending !== undefined; pending = pending.next) {
      const waitedMs = now - pending.since
      // In the order in which they began.
      if (waitedMs < slowAfterMs) return
      if (pending.isTold) continue
      pending.isTold = true
      const { stage, subject, reason } = pending
      this.#emit({ type: 'waiting', stage, subject, reason, waitedMs: Math.round(waitedMs) })
    }
  }
}
