import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { type HeadAnswer, readAnswer } from './answer.js'
import { Beginning } from './arrival.js'
import type { Connection, ExchangeHandler, WireRequest } from './connections.js'
import { AnswerReader, type FramedAnswer } from './framing.js'

/** How undici opens sockets: TLS with its sessions kept, time limit, no delay. */
export type Connector = ReturnType<typeof buildConnector>

/** S3 closes what is idle somewhat later; a request must not meet that. Looked at when it is sent: timers cost more. */
const idleMs = 4_000
/** Longer than any server's headers may be. */
const longestAnswer = 1 << 16

/** Where the bytes of all sockets arrive, one after the other: each is read before the next comes. */
const arrivals = Buffer.allocUnsafeSlow(longestAnswer)

/** The connection that a socket belongs to. */
const owners = new WeakMap<Socket, SocketConnection>()

/** Given to the connector: what arrives is read from one buffer, past the machinery of streams. */
export const onread = {
  buffer: arrivals,
  callback(this: Socket, bytes: number): boolean {
    owners.get(this)?.received(this, arrivals.subarray(0, bytes))
    return true
  },
}

/** An answer, or that what came is none that is read here; `undefined` while it is not whole. */
type Arrived = (HeadAnswer & { readonly body?: readonly Buffer[] }) | 'unreadable' | undefined

/** HTTP/1.1, one request at a time on one socket. A general client costs half as much again, because it reads whatever HTTP allows. */
abstract class SocketConnection implements Connection {
  readonly #connect: Connector
  readonly #origin: URL
  #socket: Socket | undefined
  #handler: ExchangeHandler | undefined
  #usedAt = 0

  constructor(connect: Connector, origin: string) {
    this.#connect = connect
    this.#origin = new URL(origin)
  }

  /** The request as it is written: a text of one character a byte, or bytes. */
  protected abstract write(request: WireRequest): string | Buffer

  /** The bytes are others' afterwards. */
  protected abstract read(bytes: Buffer): Arrived

  /** Nothing of an answer under way is of interest any more. */
  protected abstract forget(): void

  /** There is an answer, and it is not read here. */
  protected abstract refuse(handler: ExchangeHandler): void

  dispatch(request: WireRequest, handler: ExchangeHandler): void {
    this.#handler = handler
    handler.onConnect((error) => this.#giveUp(error))
    // Ended at once, and perhaps given to another exchange since.
    if (this.#handler !== handler) return
    if (Date.now() - this.#usedAt > idleMs) this.#drop()
    const written = this.write(request)
    if (this.#socket === undefined) this.#open(written)
    else send(this.#socket, written)
  }

  /** Of a socket of this connection; one that was given up may still have something to say. */
  received(socket: Socket, bytes: Buffer): void {
    if (socket !== this.#socket) return
    const handler = this.#handler
    // Nobody has asked for anything.
    if (handler === undefined) {
      this.#drop()
      return
    }
    const answer = this.read(bytes)
    if (answer === undefined) return
    this.#handler = undefined
    this.#usedAt = Date.now()
    if (answer === 'unreadable') {
      this.#drop()
      this.refuse(handler)
      return
    }
    if (!answer.keepAlive) this.#drop()
    handler.onAnswer(answer.status, answer.headers, answer.body)
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
    this.forget()
    socket?.destroy()
  }

  #open(written: string | Buffer): void {
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
    send(socket, written)
  }

  #giveUp(error: unknown): void {
    const handler = this.#handler
    this.#handler = undefined
    this.#drop()
    handler?.onError(error)
  }
}

function send(socket: Socket, written: string | Buffer): void {
  if (typeof written === 'string') socket.write(written, 'latin1')
  else socket.write(written)
}

/**
 * HEAD. An answer in any other form than S3's is not read here at all (`onUnreadable`), and its connection is closed: another
 * client asks again.
 */
export class HeadConnection extends SocketConnection {
  readonly #beginning = new Beginning()

  protected write({ path, fixed, authorization }: WireRequest): string {
    return `HEAD ${path} HTTP/1.1\r\n${fixed.text}authorization: ${authorization}\r\n\r\n`
  }

  protected read(bytes: Buffer): Arrived {
    const text = bytes.toString('latin1')
    const whole = this.#beginning.length === 0 ? text : this.#beginning.add(text)
    if (whole === undefined && this.#beginning.length < longestAnswer) return undefined
    const answer = readAnswer(whole ?? this.#beginning.all())
    if (answer === 'incomplete' && whole !== undefined && whole.length < longestAnswer) {
      this.#beginning.set(whole)
      return undefined
    }
    this.#beginning.set('')
    return answer === 'incomplete' ? 'unreadable' : answer
  }

  protected forget(): void {
    this.#beginning.set('')
  }

  protected refuse(handler: ExchangeHandler): void {
    handler.onUnreadable()
  }
}

/**
 * Requests with a body in one of both directions. They may have changed something: an answer in any other form than S3's is
 * a failure, after which nothing is sent again blindly.
 */
export class BodyConnection extends SocketConnection {
  readonly #reader = new AnswerReader()

  protected write({ method, path, fixed, own = [], authorization, body = '' }: WireRequest): string | Buffer {
    let text = `${method} ${path} HTTP/1.1\r\n${fixed.text}`
    for (let at = 0; at + 1 < own.length; at += 2) text += `${own[at]}: ${own[at + 1]}\r\n`
    const length = method === 'PUT' ? `content-length: ${Buffer.byteLength(body)}\r\n` : ''
    text += `${length}authorization: ${authorization}\r\n\r\n`
    return body === '' ? text : Buffer.concat([Buffer.from(text, 'latin1'), Buffer.from(body)])
  }

  protected read(bytes: Buffer): FramedAnswer | 'unreadable' | undefined {
    return this.#reader.add(bytes)
  }

  protected forget(): void {
    this.#reader.forget()
  }

  protected refuse(handler: ExchangeHandler): void {
    handler.onError(badResponse())
  }
}

/** As Node's own client says it. */
export function hungUp(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
}

/** As undici says it of what it does not read. */
function badResponse(): Error {
  return Object.assign(new Error('bad response'), { code: 'UND_ERR_SOCKET' })
}
