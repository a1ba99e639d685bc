import { type Linked, LinkedList } from '../../../internal/tables/linked-list.js'
import { realTimers } from '../../../internal/waits/real-timers.js'
import type { Connection, Connections, ExchangeHandler, RawHeaders, WireRequest } from './connections.js'
import { hungUp } from './socket.js'

/** Node's timers take no more. */
const longestTimerMs = 2_147_483_647

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number
  readonly rawHeaders: RawHeaders
  /** In the pieces in which it came. */
  readonly body: readonly Buffer[]
  /** What it came over: to be renewed where it turns out to be the answer to something else. */
  readonly connection?: Pick<Connection, 'renew'> | undefined
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
 * Sends requests over connections. Each request is bounded in time and ends at once when its signal aborts. A
 * timer and a listener for each request would cost as much as the request. One timer therefore serves all requests
 * under way (nearly all may take equally long, so they are kept in the order in which they end). One listener
 * serves all requests of a signal.
 */
export class FastTransport {
  readonly #connections: Connections
  /** Exchanges for which there is no connection yet. */
  readonly #waiting: Exchange[] = []
  /** Connections whose answer came since the last look at the sockets, and before it. */
  #justAnswered: Connection[] = []
  #rested: Connection[] = []
  readonly #timeoutMs: number
  readonly #bySignal = new Map<AbortSignal, SignalGroup>()
  /** In the order in which they end. */
  readonly #underWay = new LinkedList<Exchange>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(connections: Connections, timeoutMs: number) {
    this.#connections = connections
    this.#timeoutMs = timeoutMs
  }

  /**
   * `undefined`: there is an answer, but not one to be read here. Rejects with {@link AttemptTimeout},
   * {@link AttemptAborted} or what the network failed with.
   */
  send(request: WireRequest, signal: AbortSignal | undefined, extraTimeoutMs = 0): Promise<WireAnswer | undefined> {
    return new Promise((resolve, reject) => {
      const group = signal === undefined ? undefined : this.#groupOf(signal)
      const timeoutMs = this.#timeoutMs + extraTimeoutMs
      const exchange = new Exchange(this, request, { group, timeoutMs, resolve, reject })
      this.#begin(exchange)
      // One that rests is there sooner than one that must be opened.
      const isAtHand = this.#waiting.length < this.#justAnswered.length + this.#rested.length
      const connection = isAtHand ? this.#connections.takeIdle() : this.#connections.take()
      if (connection === undefined) this.#waiting.push(exchange)
      else this.#dispatch(exchange, connection)
    })
  }

  /** What is under way or waits for a connection fails at once: nobody would tell it that its connection is gone. */
  close(): void {
    const ended = hungUp()
    // Those that wait first: a connection that comes free would be taken for the next of them.
    for (const exchange of this.#waiting.splice(0)) exchange.fail(ended)
    while (this.#underWay.first !== undefined) this.#underWay.first.fail(ended)
    this.#connections.close()
  }

  #dispatch(exchange: Exchange, connection: Connection): void {
    exchange.connection = connection
    connection.dispatch(exchange.request, exchange)
  }

  /**
   * The connection has finished its exchange, whether or not somebody still waits for it. The connection rests
   * until its socket has been checked once more. A second answer that has arrived meanwhile is then seen before
   * another request goes out, for whose answer it would be taken. By then the caller that got the first answer has
   * judged it as well.
   */
  released(connection: Connection): void {
    if (this.#justAnswered.length + this.#rested.length === 0) realTimers.setImmediate(this.#onLook)
    this.#justAnswered.push(connection)
  }

  /** Runs after the sockets were looked at: those that had rested before are good for another exchange. */
  readonly #onLook = (): void => {
    const ready = this.#rested
    this.#rested = this.#justAnswered
    this.#justAnswered = []
    if (this.#rested.length > 0) realTimers.setImmediate(this.#onLook)
    for (const connection of ready) this.#reuse(connection)
  }

  #reuse(connection: Connection): void {
    let next = this.#waiting.shift()
    while (next?.settled === true) next = this.#waiting.shift()
    if (next === undefined) this.#connections.give(connection)
    else this.#dispatch(next, connection)
  }

  #groupOf(signal: AbortSignal): SignalGroup {
    const known = this.#bySignal.get(signal)
    if (known !== undefined) return known
    const group: SignalGroup = new SignalGroup(signal, {
      onAbort: () => this.#failAll(group),
      onEmpty: () => this.#bySignal.delete(signal),
    })
    this.#bySignal.set(signal, group)
    return group
  }

  #failAll(group: SignalGroup): void {
    const ended = []
    for (let { first: exchange } = this.#underWay; exchange !== undefined; exchange = exchange.next) {
      if (exchange.group === group) ended.push(exchange)
    }
    for (const exchange of ended) exchange.fail(new AttemptAborted('aborted'))
  }

  #begin(exchange: Exchange): void {
    exchange.group?.add()
    // Behind all that end no later: the last one, unless that has been given more time.
    let previous = this.#underWay.last
    while (previous !== undefined && previous.deadline > exchange.deadline) previous = previous.previous
    this.#underWay.insertAfter(previous, exchange)
    const endsFirst = previous === undefined && exchange.next !== undefined
    if (this.#timer === undefined || endsFirst) this.#arm(exchange.timeoutMs)
  }

  /** Called once by each exchange, when it is settled. */
  ended(exchange: Exchange): void {
    exchange.group?.remove()
    this.#underWay.remove(exchange)
    if (this.#underWay.first === undefined) {
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#expire(), Math.min(longestTimerMs, Math.max(1, ms)))
  }

  #expire(): void {
    this.#timer = undefined
    const now = performance.now()
    let { first } = this.#underWay
    while (first !== undefined && first.deadline <= now) {
      first.fail(new AttemptTimeout(first.timeoutMs))
      first = this.#underWay.first
    }
    if (first !== undefined) this.#arm(first.deadline - now)
  }
}

interface SignalTerms {
  readonly onAbort: () => void
  readonly onEmpty: () => void
}

/** The exchanges that one signal ends: how many there are. */
class SignalGroup {
  #size = 0
  readonly #signal: AbortSignal
  readonly #terms: SignalTerms

  constructor(signal: AbortSignal, terms: SignalTerms) {
    this.#signal = signal
    this.#terms = terms
    signal.addEventListener('abort', terms.onAbort, { once: true })
  }

  add(): void {
    this.#size += 1
  }

  remove(): void {
    this.#size -= 1
    if (this.#size > 0) return
    this.#signal.removeEventListener('abort', this.#terms.onAbort)
    this.#terms.onEmpty()
  }
}

/** When an exchange ends, and who hears of it. */
interface ExchangeTerms {
  readonly group: SignalGroup | undefined
  readonly timeoutMs: number
  readonly resolve: (answer: WireAnswer | undefined) => void
  readonly reject: (error: unknown) => void
}

/** One request and its answer. */
class Exchange implements ExchangeHandler, Linked<Exchange> {
  readonly request: WireRequest
  readonly group: SignalGroup | undefined
  connection: Connection | undefined
  readonly timeoutMs: number
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

  constructor(transport: FastTransport, request: WireRequest, { group, timeoutMs, resolve, reject }: ExchangeTerms) {
    this.#transport = transport
    this.request = request
    this.group = group
    this.timeoutMs = timeoutMs
    this.deadline = performance.now() + timeoutMs
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

  onAnswer(status: number, rawHeaders: RawHeaders, body: readonly Buffer[] = []): void {
    const { connection } = this
    this.#release()
    if (this.#settle()) this.#resolve({ status, rawHeaders, body, connection })
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

/**
 * Whether there was an answer in a form that is read only by the SDK. An unrequested `100 Continue` is an error to undici and
 * here, while Node's client waits for what follows (RFC 9110, 15.2.1).
 */
export function isLeftToSdk(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error as { code?: unknown }).code === 'UND_ERR_SOCKET' &&
    error.message === 'bad response'
  )
}
