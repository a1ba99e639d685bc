import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { readAnswer } from './answer.js'
import { Beginning } from './arrival.js'
import type { Connection, ExchangeHandler, WireRequest } from './connections.js'

/** How undici opens sockets: TLS with its sessions kept, time limit, no delay. */
export type Connector = ReturnType<typeof buildConnector>

/** S3 closes what is idle somewhat later; a request must not meet that. Looked at when it is sent: timers cost more. */
const idleMs = 4_000
/** Longer than any server's headers may be. */
const longestAnswer = 1 << 16

/** Where the bytes of all sockets arrive, one after the other: each is read before the next comes. */
const arrivals = Buffer.allocUnsafeSlow(longestAnswer)

/** The connection that a socket belongs to. */
const owners = new WeakMap<Socket, HeadConnection>()

/** Given to the connector: what arrives is read from one buffer, past the machinery of streams. */
export const onread = {
  buffer: arrivals,
  callback(this: Socket, bytes: number): boolean {
    owners.get(this)?.received(this, arrivals.toString('latin1', 0, bytes))
    return true
  },
}

/**
 * HEAD over HTTP/1.1, one request at a time on one socket. A general client costs half as much again, because it
 * reads whatever HTTP allows. An answer in any other form than S3's is not read here at all (`onUnreadable`), and
 * its connection is closed.
 */
export class HeadConnection implements Connection {
  readonly #connect: Connector
  readonly #origin: URL
  #socket: Socket | undefined
  #handler: ExchangeHandler | undefined
  readonly #beginning = new Beginning()
  #usedAt = 0

  constructor(connect: Connector, origin: string) {
    this.#connect = connect
    this.#origin = new URL(origin)
  }

  dispatch(request: WireRequest, handler: ExchangeHandler): void {
    this.#handler = handler
    handler.onConnect((error) => this.#giveUp(error))
    // Ended at once, and perhaps given to another exchange since.
    if (this.#handler !== handler) return
    const { path, fixed, authorization } = request
    if (Date.now() - this.#usedAt > idleMs) this.#drop()
    const text = `HEAD ${path} HTTP/1.1\r\n${fixed.text}authorization: ${authorization}\r\n\r\n`
    if (this.#socket === undefined) this.#open(text)
    else this.#socket.write(text, 'latin1')
  }

  /** Of a socket of this connection; one that was given up may still have something to say. */
  received(socket: Socket, text: string): void {
    if (socket !== this.#socket) return
    const handler = this.#handler
    // Nobody has asked for anything.
    if (handler === undefined) {
      this.#drop()
      return
    }
    const whole = this.#beginning.length === 0 ? text : this.#beginning.add(text)
    if (whole === undefined && this.#beginning.length < longestAnswer) return
    const answer = readAnswer(whole ?? this.#beginning.all())
    if (answer === 'incomplete' && whole !== undefined && whole.length < longestAnswer) {
      this.#beginning.set(whole)
      return
    }
    this.#beginning.set('')
    this.#handler = undefined
    this.#usedAt = Date.now()
    if (typeof answer === 'string') {
      this.#drop()
      handler.onUnreadable()
      return
    }
    if (!answer.keepAlive) this.#drop()
    handler.onAnswer(answer.status, answer.headers)
  }

  renew(): void {
    this.#giveUp(hungUp())
  }

  /** A waiting caller hears that there is no answer. A socket that was already released reports nothing. */
  destroy(): void {
    this.#giveUp(hungUp())
  }

  /** Lets go of the socket; the next exchange opens another one. */
  #drop(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#beginning.set('')
    socket?.destroy()
  }

  #open(text: string): void {
    const { host, protocol, port } = this.#origin
    const hostname = this.#origin.hostname.replace(/^\[(.*)\]$/, '$1')
    const socket = this.#connect({ hostname, host, protocol, port }, () => {}) as unknown as Socket
    this.#socket = socket
    owners.set(socket, this)
    // While a request is under way, the timer that ends it keeps the process alive.
    socket.unref()
    socket.on('connect', () => socket.unref())
    let failure: Error | undefined
    socket.on('error', (error) => {
      failure = error
    })
    socket.on('close', () => {
      if (socket === this.#socket) this.#giveUp(failure ?? hungUp())
    })
    socket.write(text, 'latin1')
  }

  #giveUp(error: unknown): void {
    const handler = this.#handler
    this.#handler = undefined
    this.#drop()
    handler?.onError(error)
  }
}

/** As Node's own client says it. */
export function hungUp(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
}
