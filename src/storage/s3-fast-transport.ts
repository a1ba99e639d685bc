import type { Connection, Connections, ExchangeHandler, RawHeaders, WireRequest } from './s3-fast-connections.js'
import { hungUp } from './s3-fast-socket.js'

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number
  readonly rawHeaders: RawHeaders
  readonly body: Buffer | undefined
}

/** No answer within the time that one attempt may take. */
export class AttemptTimeout extends Error {
  override readonly name = 'TimeoutError'

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`)
  }
}

/** The caller's signal fired while the request was under way. */
export class AttemptAborted extends Error {
  override readonly name = 'AbortError'
}

/**
 * Sends requests over connections, each bounded in time and ended at once by its signal. One timer serves all that
 * are under way (they may all take equally long, so they end in the order in which they began), and one listener all
 * of a signal: a timer and a listener for each request cost as much as the request.
 */
export class FastTransport {
  readonly #connections: Connections
  /** Exchanges for which there is no connection yet. */
  readonly #waiting: Exchange[] = []
  readonly #timeoutMs: number
  readonly #bySignal = new Map<AbortSignal, SignalGroup>()
  #oldest: Exchange | undefined
  #newest: Exchange | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(connections: Connections, timeoutMs: number) {
    this.#connections = connections
    this.#timeoutMs = timeoutMs
  }

  /**
   * `undefined`: there is an answer, but not one to be read here. Rejects with {@link AttemptTimeout},
   * {@link AttemptAborted} or what the network failed with.
   */
  send(request: WireRequest, signal: AbortSignal | undefined): Promise<WireAnswer | undefined> {
    return new Promise((resolve, reject) => {
      const group = signal === undefined ? undefined : this.#groupOf(signal)
      const exchange = new Exchange(this, request, group, performance.now() + this.#timeoutMs, resolve, reject)
      this.#begin(exchange)
      const connection = this.#connections.take()
      if (connection === undefined) this.#waiting.push(exchange)
      else this.#dispatch(exchange, connection)
    })
  }

  /** What is under way or waits for a connection fails at once: nobody would tell it that its connection is gone. */
  close(): void {
    const ended = hungUp()
    // Those that wait first: a connection that comes free would be taken for the next of them.
    for (const exchange of this.#waiting.splice(0)) exchange.fail(ended)
    while (this.#oldest !== undefined) this.#oldest.fail(ended)
    this.#connections.close()
  }

  #dispatch(exchange: Exchange, connection: Connection): void {
    exchange.connection = connection
    connection.dispatch(exchange.request, exchange)
  }

  /** The connection is done with its exchange, whether or not somebody still waits for that. */
  released(connection: Connection): void {
    let next = this.#waiting.shift()
    while (next?.settled === true) next = this.#waiting.shift()
    if (next === undefined) this.#connections.give(connection)
    else this.#dispatch(next, connection)
  }

  #groupOf(signal: AbortSignal): SignalGroup {
    let group = this.#bySignal.get(signal)
    if (group === undefined) {
      group = new SignalGroup(signal, () => this.#bySignal.delete(signal))
      this.#bySignal.set(signal, group)
    }
    return group
  }

  #begin(exchange: Exchange): void {
    exchange.group?.add(exchange)
    exchange.previous = this.#newest
    if (this.#newest === undefined) this.#oldest = exchange
    else this.#newest.next = exchange
    this.#newest = exchange
    if (this.#timer === undefined) this.#arm(this.#timeoutMs)
  }

  /** Called once by each exchange, when it is settled. */
  ended(exchange: Exchange): void {
    exchange.group?.remove(exchange)
    const { previous, next } = exchange
    if (previous === undefined) this.#oldest = next
    else previous.next = next
    if (next === undefined) this.#newest = previous
    else next.previous = previous
    exchange.previous = undefined
    exchange.next = undefined
    if (this.#oldest === undefined) {
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, ms))
  }

  #expire(): void {
    this.#timer = undefined
    const now = performance.now()
    while (this.#oldest !== undefined && this.#oldest.deadline <= now) {
      this.#oldest.fail(new AttemptTimeout(this.#timeoutMs))
    }
    if (this.#oldest !== undefined) this.#arm(this.#oldest.deadline - now)
  }
}

/** The exchanges that one signal ends. */
class SignalGroup {
  readonly #exchanges = new Set<Exchange>()
  readonly #signal: AbortSignal
  readonly #onEmpty: () => void
  readonly #onAbort = () => {
    for (const exchange of [...this.#exchanges]) exchange.fail(new AttemptAborted('aborted'))
  }

  constructor(signal: AbortSignal, onEmpty: () => void) {
    this.#signal = signal
    this.#onEmpty = onEmpty
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  add(exchange: Exchange): void {
    this.#exchanges.add(exchange)
  }

  remove(exchange: Exchange): void {
    this.#exchanges.delete(exchange)
    if (this.#exchanges.size > 0) return
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#onEmpty()
  }
}

/** One request and its answer. */
class Exchange implements ExchangeHandler {
  readonly request: WireRequest
  readonly group: SignalGroup | undefined
  connection: Connection | undefined
  /** By the clock that nobody sets: a time limit must not grow by the hour that it is set back. */
  readonly deadline: number
  previous: Exchange | undefined
  next: Exchange | undefined
  readonly #transport: FastTransport
  readonly #resolve: (answer: WireAnswer | undefined) => void
  readonly #reject: (error: unknown) => void
  #abort: ((error?: Error) => void) | undefined
  #settled = false
  #failure: Error | undefined

  constructor(
    transport: FastTransport,
    request: WireRequest,
    group: SignalGroup | undefined,
    deadline: number,
    resolve: (answer: WireAnswer | undefined) => void,
    reject: (error: unknown) => void,
  ) {
    this.#transport = transport
    this.request = request
    this.group = group
    this.deadline = deadline
    this.#resolve = resolve
    this.#reject = reject
  }

  get settled(): boolean {
    return this.#settled
  }

  /** Ends the exchange and its connection, which is in the middle of something. */
  fail(error: Error): void {
    if (!this.#settle()) return
    this.#failure = error
    this.#reject(error)
    this.#abort?.(error)
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort
    // It waited for a connection and was given up meanwhile.
    if (this.#failure !== undefined) abort(this.#failure)
  }

  onAnswer(status: number, rawHeaders: RawHeaders, body?: Buffer): void {
    this.#release()
    if (this.#settle()) this.#resolve({ status, rawHeaders, body })
  }

  onUnreadable(): void {
    this.#release()
    if (this.#settle()) this.#resolve(undefined)
  }

  onError(error: unknown): void {
    this.#release()
    if (this.#settle()) this.#reject(named(error))
  }

  #release(): void {
    const { connection } = this
    this.connection = undefined
    if (connection !== undefined) this.#transport.released(connection)
  }

  #settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.#transport.ended(this)
    return true
  }
}

/** Errors by the names that Node's own client and the SDK give them. */
function named(error: unknown): unknown {
  if (error instanceof Error && (error as { code?: unknown }).code === 'UND_ERR_CONNECT_TIMEOUT') {
    error.name = 'TimeoutError'
  }
  return error
}
