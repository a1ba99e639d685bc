import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { isTruncated } from './faults.js'

/**
 * What the URL class cannot carry: it resolves `..` and `.` in a path, which are legal in S3 keys. The raw request
 * target as it came over the wire.
 */
export interface HandleContext {
  readonly rawTarget?: string | undefined
  /** A delivery of the simulated platform itself: no fault hits it, and it needs not be planned. @defaultValue false */
  readonly ownDelivery?: boolean | undefined
}

/** A simulator as a plain function. `Response.error()` means: drop the connection. */
export type Handle = (request: Request, context?: HandleContext) => Promise<Response>

/** Where to listen. */
export interface ListenOptions {
  /** @defaultValue 0, any free port */
  readonly port?: number | undefined
}

/** A simulator that is bound to a port. */
export interface Listener {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string
  readonly port: number
  /** Stops listening and drops what is still connected. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

// Room for a key of 1,024 bytes twice, percent-encoded, and ten tags: Node's own 16 KiB would answer 431 to what
// the simulator has an answer of its own for.
const maxHeaderSize = 65_536

/** Bodies up to this size are written in one piece. */
const smallBytes = 65_536

/** Binds a simulator to a port on loopback. There is no way to bind it to anything else. */
export async function listen(handle: Handle, options: ListenOptions = {}): Promise<Listener> {
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    answer(handle, incoming, outgoing).catch(() => incoming.socket.destroy())
  }
  const server = createServer({ maxHeaderSize, keepAliveTimeout: 30_000 }, onRequest)
  // Node would ask for the body at once; asked for when it is read, one that is refused is never sent.
  server.on('checkContinue', onRequest)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', () => resolve())
  })
  const port = portOf(server)
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { endpoint: `http://127.0.0.1:${port}`, port, close, [Symbol.asyncDispose]: close }
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The simulator is not bound to a port.')
  return address.port
}

async function answer(handle: Handle, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const rawTarget = incoming.url ?? '/'
  const body = hasBody(incoming) ? incomingBody(incoming, () => outgoing.writeContinue()) : undefined
  const request = toRequest(incoming, rawTarget, body?.stream)
  if (request === undefined) {
    outgoing.writeHead(400, { connection: 'close' }).end()
    return
  }
  const response = await handle(request, { rawTarget })
  if (response.type === 'error') {
    incoming.socket.destroy()
    return
  }
  // What the handler did not read must be taken off the wire before the connection can be used again; where it
  // was not even asked for, nobody knows whether it will come.
  if (body?.isAwaited()) outgoing.setHeader('connection', 'close')
  else body?.discard()
  for (const [name, value] of response.headers) outgoing.setHeader(name, value)
  outgoing.statusCode = response.status
  await writeBody(response, outgoing, incoming.method === 'HEAD')
}

async function writeBody(response: Response, outgoing: ServerResponse, bodyless: boolean): Promise<void> {
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

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** The body as a stream that reads only when asked to, and that can be let go without closing the connection. */
function incomingBody(
  incoming: IncomingMessage,
  askForIt: () => void,
): { stream: ReadableStream<Uint8Array>; isAwaited(): boolean; discard(): void } {
  let discarded = false
  let awaited = incoming.headers.expect?.toLowerCase() === '100-continue'
  const discard = () => {
    discarded = true
    incoming.resume()
  }
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        incoming.on('data', (chunk: Buffer) => {
          if (discarded) return
          incoming.pause()
          controller.enqueue(chunk)
        })
        incoming.pause()
        incoming.once('end', () => {
          if (!discarded) controller.close()
        })
        incoming.once('error', (error) => {
          if (!discarded) controller.error(error)
        })
      },
      pull() {
        if (awaited) askForIt()
        awaited = false
        incoming.resume()
      },
      cancel: discard,
    },
    { highWaterMark: 0 },
  )
  return { stream, isAwaited: () => awaited, discard }
}

/** Undefined for what the Request class has no form for, such as an invalid host. */
function toRequest(
  incoming: IncomingMessage,
  rawTarget: string,
  body: ReadableStream<Uint8Array> | undefined,
): Request | undefined {
  const method = incoming.method ?? 'GET'
  const url = `http://${incoming.headers.host ?? '127.0.0.1'}${rawTarget.startsWith('/') ? '' : '/'}${rawTarget}`
  try {
    const headers = new Headers()
    for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
      headers.append(incoming.rawHeaders[i] as string, incoming.rawHeaders[i + 1] as string)
    }
    const sendable = body !== undefined && method !== 'GET' && method !== 'HEAD'
    return new Request(url, { method, headers, ...(sendable ? { body, duplex: 'half' as const } : {}) } as RequestInit)
  } catch {
    return undefined
  }
}
