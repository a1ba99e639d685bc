import { LegalHoldError, type Stage } from '../../model/errors.js'
import type { ServiceAddress } from '../../ports/runtime.js'
import { proxyRemedy } from '../proxy/refusal.js'
import { times, verb } from '../text/counted.js'
import { withoutAdvice } from './own-advice.js'

/** Until the first answer nothing suggests that the service is merely busy: it is tried often rather than patiently. */
export const firstContactDelayMs = 2_000

/**
 * The first contact of a run with one service. A wrong host, a closed port or a firewall looks like an outage, and
 * the wait for an outage to end is ten minutes. A user who has just started a run must hear sooner that nothing
 * answers there.
 */
export class Contact {
  #isMade = false
  #attempts = 0
  #startedAt: number | undefined
  #sleptMs = 0
  #sleptUntil = Number.NEGATIVE_INFINITY
  /** How the last attempt failed that came to an end by itself. */
  #last: LegalHoldError | undefined
  /** Set once the time was up. */
  #end: LegalHoldError | undefined
  readonly #over = new AbortController()
  readonly #service: ServiceAddress
  readonly #timeoutMs: number

  constructor(service: ServiceAddress, timeoutMs: number) {
    this.#service = service
    this.#timeoutMs = timeoutMs
  }

  /** Whether the service has answered anything, a refusal included. */
  get isMade(): boolean {
    return this.#isMade
  }

  /** Fires when the time is up: nobody waits for another attempt then. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** What is left of the time, in milliseconds. */
  get leftMs(): number {
    if (this.#end !== undefined) return 0
    const elapsedMs = this.#startedAt === undefined ? 0 : performance.now() - this.#startedAt
    return Math.max(0, this.#timeoutMs - Math.max(this.#sleptMs, elapsedMs))
  }

  /**
   * A pause before another attempt. It is counted by the clock that sleeps, which may be a simulated one. With
   * that clock only pauses take time, and the pauses of parallel requests pass together.
   */
  pauses(now: number, ms: number): void {
    const from = Math.max(now, this.#sleptUntil)
    this.#sleptMs += Math.max(0, now + ms - from)
    this.#sleptUntil = Math.max(this.#sleptUntil, now + ms)
  }

  /** One attempt, which is dropped when the time is up and nothing has answered. */
  async attempt<T>(
    work: (signal: AbortSignal) => Promise<T>,
    { signal, stage }: { readonly signal?: AbortSignal | undefined; readonly stage: Stage },
  ): Promise<T> {
    // What asks after that hears it at once.
    if (this.#end !== undefined) throw this.#end
    this.#attempts += 1
    this.#startedAt ??= performance.now()
    const attempt = new AbortController()
    const onAbort = () => attempt.abort(signal?.reason)
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => {
          if (this.#isMade) return
          const error = this.#failure(this.#last, stage)
          reject(error)
          attempt.abort(error)
        },
        Math.min(2_147_483_647, this.leftMs),
      )
    })
    try {
      const result = await Promise.race([work(attempt.signal), late])
      this.#isMade = true
      return result
    } catch (error) {
      if (LegalHoldError.isInstance(error)) {
        if (isAnswer(error)) this.#isMade = true
        else if (isUnreachable(error) && !own.has(error)) this.#last = error
      }
      throw error
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** The error that a first contact ends with, after its last failure. */
  failureAfter(last: LegalHoldError, stage: Stage): LegalHoldError {
    return own.has(last) ? last : this.#failure(last, stage)
  }

  /** What was tried, how often, and what to do. */
  #failure(last: LegalHoldError | undefined, stage: Stage): LegalHoldError {
    const { name, address, advice } = this.#service
    const were = verb(address.split(', ').length, 'was', 'were')
    const tried = `${address} ${were} tried ${times(this.#attempts)}`
    const failure = new LegalHoldError(
      `${name} did not answer within ${seconds(this.#timeoutMs)} (connectTimeoutMs): ${tried}. ${tellLast(last, advice)}`,
      {
        code: last?.code ?? 'TIMEOUT',
        stage,
        retryable: true,
        outcome: 'not-applied',
        details: { address, attempts: this.#attempts, connectTimeoutMs: this.#timeoutMs },
        cause: last,
      },
    )
    own.add(failure)
    this.#end = failure
    this.#over.abort(failure)
    return failure
  }
}

/** How it ended, with one advice: where a proxy refused, only that of the refusal is to the point. */
function tellLast(last: LegalHoldError | undefined, advice: string): string {
  if (last === undefined) return `It said nothing. ${advice}`
  const told = last.message.endsWith(proxyRemedy) ? last.message : `${withoutAdvice(last)} ${advice}`
  return `The last attempt: ${told}`
}

/** Errors that say already what was tried. */
const own = new WeakSet<LegalHoldError>()

const defaultTimeoutMs = 15_000
const outsideOfRuns = new WeakMap<ServiceAddress, Contact>()

/**
 * The contact of an adapter that is called outside of every run. One whose time was up is followed by another: the
 * next call asks again.
 */
export function openAlone(service: ServiceAddress | undefined): Contact | undefined {
  if (service === undefined) return undefined
  const known = outsideOfRuns.get(service)
  if (known !== undefined && !known.over.aborted) return known.isMade ? undefined : known
  const contact = new Contact(service, defaultTimeoutMs)
  outsideOfRuns.set(service, contact)
  return contact
}

/** All services of one run. */
export class Contacts {
  readonly #contacts = new Map<string, Contact>()
  readonly #timeoutMs: number

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** The contact with a service, or nothing more to wait for once it has answered. */
  openWith(service: ServiceAddress | undefined): Contact | undefined {
    if (service === undefined) return undefined
    const known = this.#contacts.get(service.address)
    if (known !== undefined) return known.isMade ? undefined : known
    const contact = new Contact(service, this.#timeoutMs)
    this.#contacts.set(service.address, contact)
    return contact
  }
}

/** Whether a failure is that nobody was there, or said nothing. */
export function isUnreachable({ code }: LegalHoldError): boolean {
  return code === 'NETWORK_ERROR' || code === 'TIMEOUT'
}

/** Whether a failure shows that somebody answered; what failed before anything was sent shows neither. */
function isAnswer(error: LegalHoldError): boolean {
  return error.status !== undefined || !(isUnreachable(error) || notAsked.has(error.code))
}

const notAsked: ReadonlySet<string> = new Set(['ABORTED', 'MISSING_CREDENTIALS', 'MISSING_DEPENDENCY'])

function seconds(ms: number): string {
  return ms >= 1_000 ? `${Math.round(ms / 1_000)} s` : `${ms} ms`
}
