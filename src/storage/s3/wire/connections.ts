/** Headers that all requests of a session have in common, in both forms in which they are sent. */
export interface FixedHeaders {
  /** Names and values in turn. `host` is that of the origin and not among them. */
  readonly list: readonly string[]
  /** As they are in a request, `host` among them. */
  readonly text: string
}

/** A request as it goes over the wire. A HEAD has neither headers of its own nor a body. */
export interface WireRequest {
  readonly method: 'HEAD' | 'GET' | 'PUT'
  /** Encoded path with its query. */
  readonly path: string
  readonly fixed: FixedHeaders
  /** Names and values in turn, beside the fixed ones. */
  readonly own?: readonly string[] | undefined
  readonly authorization: string
  readonly body?: string | undefined
}

/** Names and values in turn, one character a byte. */
export type RawHeaders = readonly string[]

/** What a connection tells of one exchange: at the end exactly one of the last three. */
export interface ExchangeHandler {
  /** How to end it in the middle. Called before anything is sent. */
  onConnect(abort: (error?: Error) => void): void
  /** @param body in the pieces in which it came */
  onAnswer(status: number, headers: RawHeaders, body?: readonly Buffer[]): void
  /** There is an answer that another client must read. */
  onUnreadable(): void
  onError(error: unknown): void
}

/** Carries one exchange at a time. */
export interface Connection {
  dispatch(request: WireRequest, handler: ExchangeHandler): void
  /**
   * Lets go of what it is connected by, since an answer that came over it was not that to its request. Not there where
   * somebody else decides about that.
   */
  renew?(): void
  destroy(): void
}

/** A connection is taken, used for one exchange and given back. */
export interface Connections {
  /** `undefined` while all are taken. */
  take(): Connection | undefined
  /** One that was used before, or `undefined` if none is free. */
  takeIdle(): Connection | undefined
  give(connection: Connection): void
  close(): void
}

/**
 * As many connections as there were exchanges at once, and no more. The connection used last is taken first.
 * undici's own `Pool` learns a little late that a connection is free, and opens up to twice as many.
 */
export class OwnConnections implements Connections {
  readonly #open: () => Connection
  readonly #most: number
  readonly #all: Connection[] = []
  readonly #idle: Connection[] = []
  #closed = false

  constructor(open: () => Connection, most: number) {
    this.#open = open
    this.#most = most
  }

  takeIdle(): Connection | undefined {
    return this.#idle.pop()
  }

  take(): Connection | undefined {
    const idle = this.#idle.pop()
    if (idle !== undefined || this.#all.length >= this.#most) return idle
    const opened = this.#open()
    this.#all.push(opened)
    return opened
  }

  give(connection: Connection): void {
    if (!this.#closed) this.#idle.push(connection)
  }

  close(): void {
    this.#closed = true
    this.#idle.length = 0
    for (const connection of this.#all.splice(0)) connection.destroy()
  }
}

/** A connection that takes any number of exchanges at once, and that somebody else closes. */
export class GivenConnection implements Connections {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  take(): Connection {
    return this.#connection
  }

  takeIdle(): Connection {
    return this.#connection
  }

  give(): void {}

  close(): void {}
}
