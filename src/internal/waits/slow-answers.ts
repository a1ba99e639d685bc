import type { Stage } from '../../model/errors.js'
import type { NewRunEvent } from '../../model/events.js'

/** An answer that takes longer is worth an event. */
export const slowAfterMs = 5_000
const everyMs = 1_000

/**
 * What is not done yet, in the order in which it began. Each knows its neighbours: the table of a set that changes all the time
 * is made anew again and again, and the old ones keep what they held until the garbage collection looks at everything.
 */
class PendingList {
  first: Pending | undefined
  last: Pending | undefined
}

/** A request, or another work, that is not done yet. One object and no function for each: every HEAD of a run has one. */
export class Pending {
  readonly stage: Stage
  readonly subject: string
  readonly reason: string
  readonly since = performance.now()
  isTold = false
  previous: Pending | undefined
  next: Pending | undefined
  #among: PendingList | undefined

  constructor(among: PendingList, stage: Stage, subject: string, reason: string) {
    this.#among = among
    this.stage = stage
    this.subject = subject
    this.reason = reason
    const { last } = among
    this.previous = last
    if (last === undefined) among.first = this
    else last.next = this
    among.last = this
  }

  end(): void {
    const among = this.#among
    if (among === undefined) return
    this.#among = undefined
    const { previous, next } = this
    if (previous === undefined) among.first = next
    else previous.next = next
    if (next === undefined) among.last = previous
    else next.previous = previous
    this.previous = undefined
    this.next = undefined
  }
}

/**
 * Reports single requests that are not answered for long, regardless of their sender. One timer for all of them: a
 * timer for each HEAD of a million would cost more than what it tells. It is real time, as that of the connections
 * is, and keeps no process alive.
 */
export class SlowAnswers {
  readonly #pending = new PendingList()
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
