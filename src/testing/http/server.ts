import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { isTruncated } from '../faults.js'
import type { Answer } from './answer.js'
import { IncomingBody } from './body.js'
import { Fields } from './fields.js'

/** A request as it came over the wire. */
export interface WireRequest {
  readonly method: string
  /** Path and query, neither decoded nor normalised. */
  readonly target: string
  /** The first of its hosts, for a URL. */
  readonly host: string
  readonly headers: Fields
  /** Undefined if the request has none, or is of a method whose body means nothing. */
  readonly body: IncomingBody | undefined
}

/** Answers requests, with its own answer or with a `Response`. `Response.error()` drops the connection. */
export type WireHandle = (request: WireRequest) => Promise<Answer | Response>

/** A server on loopback. */
export interface BoundServer {
  readonly port: number
  close(): Promise<void>
}

// Room for a key of 1,024 bytes twice, percent-encoded, and ten tags: Node's own 16 KiB would answer 431 to what
// the simulator has an answer of its own for.
const maxHeaderSize = 65_536

/** Bodies up to this size are written in one piece. */
const smallBytes = 65_536

/** Binds to a port on loopback. There is no way to bind to anything else. */
export async function serve(handle: WireHandle, wantedPort: number): Promise<BoundServer> {
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    answer(handle, incoming, outgoing).catch(() => incoming.socket.destroy())
  }
  const server = createServer({ maxHeaderSize, keepAliveTimeout: 30_000 }, onRequest)
  // Node would ask for the body at once; asked for when it is read, one that is refused is never sent.
  server.on('checkContinue', onRequest)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(wantedPort, '127.0.0.1', () => resolve())
  })
  const port = portOf(server)
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { port, close }
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The simulator is not bound to a port.')
  return address.port
}

async function answer(handle: WireHandle, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = 'GET', url: target = '/', rawHeaders } = incoming
  const headers = Fields.of(rawHeaders)
  const host = hostOf(rawHeaders)
  if (!hasForm(method, host)) {
    outgoing.writeHead(400, { connection: 'close' }).end()
    return
  }
  const sent = hasBody(headers) ? bodyOf(incoming, outgoing, headers) : undefined
  const body = method === 'GET' || method === 'HEAD' ? undefined : sent
  const reply = await handle({ method, target, host, headers, body })
  if (reply instanceof Response && reply.type === 'error') {
    incoming.socket.destroy()
    return
  }
  // What the handler did not read must be taken off the wire before the connection can be used again; where it
  // was not even asked for, nobody knows whether it will come.
  const closes = sent?.isAwaited ?? false
  if (!closes) sent?.discard()
  if (reply instanceof Response) await writeResponse(reply, outgoing, { closes, bodyless: method === 'HEAD' })
  else await writeAnswer(reply, outgoing, { closes, bodyless: method === 'HEAD' })
}

function bodyOf(incoming: IncomingMessage, outgoing: ServerResponse, headers: Fields): IncomingBody {
  return new IncomingBody(
    incoming,
    () => outgoing.writeContinue(),
    headers.get('expect')?.toLowerCase() === '100-continue',
  )
}

function hasBody(headers: Fields): boolean {
  return headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0
}

function hostOf(rawHeaders: readonly string[]): string {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === 'host') return rawHeaders[at + 1] ?? ''
  }
  return '127.0.0.1'
}

// Asked for each request, of the same few hosts.
const validHosts = new Map<string, boolean>()

/** Whether the `Request` class has a form for it: not for an invalid host, nor for the methods that it refuses. */
function hasForm(method: string, host: string): boolean {
  if (method === 'TRACE' || method === 'CONNECT' || method === 'TRACK') return false
  const known = validHosts.get(host)
  if (known !== undefined) return known
  const valid = isHost(host)
  if (validHosts.size >= 1000) validHosts.clear()
  validHosts.set(host, valid)
  return valid
}

function isHost(host: string): boolean {
  try {
    const { username, password } = new URL(`http://${host}/`)
    return username === '' && password === ''
  } catch {
    return false
  }
}

interface Writing {
  /** The connection cannot be used again. */
  readonly closes: boolean
  readonly bodyless: boolean
}

async function writeAnswer(answer: Answer, outgoing: ServerResponse, { closes, bodyless }: Writing): Promise<void> {
  const { status, headers, body } = answer
  const fields = closes ? [...headers, 'connection', 'close'] : [...headers]
  const isEmpty = body === undefined && !bodyless && status !== 204 && status !== 304
  if (isEmpty && !fields.includes('content-length')) fields.push('content-length', '0')
  outgoing.writeHead(status, fields)
  if (bodyless || body === undefined) {
    if (body instanceof ReadableStream) await body.cancel()
    outgoing.end()
  } else if (typeof body === 'string') outgoing.end(...asLatin1(body))
  else if (body instanceof Uint8Array) outgoing.end(body)
  else await pipeline(Readable.fromWeb(body as NodeReadableStream), outgoing)
}

/** Node writes head and body in one piece where both are a text of one encoding. */
function asLatin1(text: string): [text: string, encoding: 'latin1'] {
  return [Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString('latin1'), 'latin1']
}

async function writeResponse(response: Response, outgoing: ServerResponse, { closes, bodyless }: Writing) {
  if (closes) outgoing.setHeader('connection', 'close')
  for (const [name, value] of response.headers) outgoing.setHeader(name, value)
  outgoing.statusCode = response.status
  if (response.body === null || bodyless) {
    await response.body?.cancel()
    outgoing.end()
    return
  }
  const length = response.headers.get('content-length')
  if (length !== null && Number(length) <= smallBytes && !isTruncated(response)) {
    outgoing.end(Buffer.from(await response.arrayBuffer()))
    return
  }
  await pipeline(Readable.fromWeb(response.body as NodeReadableStream), outgoing)
}
