import type { Client, Dispatcher } from 'undici'

/** One connection at a time is taken, used for one exchange and given back. */
export interface Connections {
  /** `undefined` while all are taken. */
  take(): Pick<Dispatcher, 'dispatch'> | undefined
  give(connection: Pick<Dispatcher, 'dispatch'>): void
  close(): void
}

/**
 * As many connections as there were exchanges at once, and no more, the last one used taken first. undici's own `Pool`
 * learns a little late that a connection is free, and opens up to twice as many.
 */
export class OwnConnections implements Connections {
  readonly #open: () => Client
  readonly #most: number
  readonly #all: Client[] = []
  readonly #idle: Client[] = []
  #closed = false

  constructor(open: () => Client, most: number) {
    this.#open = open
    this.#most = most
  }

  take(): Client | undefined {
    const idle = this.#idle.pop()
    if (idle !== undefined || this.#all.length >= this.#most) return idle
    const opened = this.#open()
    this.#all.push(opened)
    return opened
  }

  give(connection: Client): void {
    if (!this.#closed) this.#idle.push(connection)
  }

  close(): void {
    this.#closed = true
    this.#idle.length = 0
    for (const client of this.#all.splice(0)) void client.destroy()
  }
}

/** A dispatcher of the caller's: it has its own mind about connections, and its owner closes it. */
export class GivenConnections implements Connections {
  readonly #dispatcher: Pick<Dispatcher, 'dispatch'>

  constructor(dispatcher: Pick<Dispatcher, 'dispatch'>) {
    this.#dispatcher = dispatcher
  }

  take(): Pick<Dispatcher, 'dispatch'> {
    return this.#dispatcher
  }

  give(): void {}

  close(): void {}
}
