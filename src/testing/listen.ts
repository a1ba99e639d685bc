import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'

/**
 * What the URL class cannot carry: it resolves `..` and `.` in a path, which are legal in S3 keys. The raw request
 * target as it came over the wire.
 */
export interface HandleContext {
  readonly rawTarget?: string | undefined
}

/** A simulator as a plain function. `Response.error()` means: drop the connection. */
export type Handle = (request: Request, context?: HandleContext) => Promise<Response>

export interface ListenOptions {
  /** @defaultValue 0, any free port */
  readonly port?: number | undefined
}

export interface Listener {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string
  readonly port: number
  /** Stops listening and drops what is still connected. */
  close(): Promise<void>
}

/** Binds a simulator to a port on loopback. There is no way to bind it to anything else. */
export async function listen(handle: Handle, options: ListenOptions = {}): Promise<Listener> {
  const server = createServer((incoming, outgoing) => {
    answer(handle, incoming, outgoing).catch(() => incoming.socket.destroy())
  })
  server.keepAliveTimeout = 30_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', () => resolve())
  })
  const port = portOf(server)
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The simulator is not bound to a port.')
  return address.port
}

async function answer(handle: Handle, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const rawTarget = incoming.url ?? '/'
  const response = await handle(toRequest(incoming, rawTarget), { rawTarget })
  if (response.type === 'error') {
    incoming.socket.destroy()
    return
  }
  // A body that the handler did not read has to be drained before the connection can be used again.
  if (!incoming.readableEnded) incoming.resume()
  outgoing.statusCode = response.status
  for (const [name, value] of response.headers) outgoing.setHeader(name, value)
  if (response.body === null || incoming.method === 'HEAD') {
    await response.body?.cancel()
    outgoing.end()
    return
  }
  await pipeline(Readable.fromWeb(response.body as NodeReadableStream), outgoing)
}

function toRequest(incoming: IncomingMessage, rawTarget: string): Request {
  const headers = new Headers()
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i] as string, incoming.rawHeaders[i + 1] as string)
  }
  const method = incoming.method ?? 'GET'
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const url = `http://${incoming.headers.host ?? '127.0.0.1'}${rawTarget.startsWith('/') ? '' : '/'}${rawTarget}`
  return new Request(url, {
    method,
    headers,
    ...(hasBody ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' as const } : {}),
  } as RequestInit)
}
