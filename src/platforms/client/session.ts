import { orAbort } from '../../internal/abort.js'
import { LegalHoldError, type Stage } from '../../model/errors.js'

/** Fetches a token; the signal fires when nobody waits for it any more. */
export type TokenSource = (signal: AbortSignal, stage: Stage) => Promise<void>

interface Flight {
  readonly done: Promise<void>
  readonly controller: AbortController
  waiters: number
}

/**
 * The login of one client. However many requests find the token missing or expired, one login is made, and all of
 * them wait for it. Each token has a generation, so that a request that failed with an old token does not renew the
 * new one.
 */
export class GenesysSession {
  readonly #source: TokenSource | undefined
  readonly #renewable: boolean
  #generation: number
  #flight: Flight | undefined

  /** Without a source the client comes with its credentials and nothing can be renewed. */
  constructor(source: TokenSource | undefined, renewable: boolean) {
    this.#source = source
    this.#renewable = renewable
    this.#generation = source === undefined ? 1 : 0
  }

  /** Logs in if that has not happened yet. Resolves to the generation of the token. */
  async ensure(signal: AbortSignal | undefined, stage: Stage): Promise<number> {
    if (this.#generation === 0) await this.#logIn(signal, stage)
    return this.#generation
  }

  /** Replaces the token that a request was refused with, once for all of its users; false if that is impossible. */
  async renew(stale: number, signal: AbortSignal | undefined, stage: Stage): Promise<boolean> {
    if (!this.#renewable) return false
    if (this.#generation === stale) await this.#logIn(signal, stage)
    return true
  }

  /** Lets go of the token; one that is on its way is made for nobody. */
  forget(): void {
    if (this.#source === undefined) return
    this.#flight = undefined
    this.#generation = 0
  }

  async #logIn(signal: AbortSignal | undefined, stage: Stage): Promise<void> {
    const flight = this.#flight ?? this.#start(stage)
    flight.waiters += 1
    try {
      await orAbort(flight.done, signal, stage)
    } finally {
      flight.waiters -= 1
      // One caller's abort must not fail the others; with the last one gone the login is dropped too.
      if (flight.waiters === 0) {
        flight.controller.abort()
        if (this.#flight === flight) this.#flight = undefined
      }
    }
  }

  #start(stage: Stage): Flight {
    const source = this.#source
    if (source === undefined) throw new LegalHoldError('There is nothing to log in with.', { code: 'INTERNAL', stage })
    const controller = new AbortController()
    const done = source(controller.signal, stage).then(() => {
      if (!controller.signal.aborted && this.#flight === flight) this.#generation += 1
    })
    const flight: Flight = { done, controller, waiters: 0 }
    // Ends with the login, not with its last waiter: a request that arrives in between must see the new token.
    const end = () => {
      if (this.#flight === flight) this.#flight = undefined
    }
    done.then(end, end)
    this.#flight = flight
    return flight
  }
}
