import { timersAreFake } from '../internal/waits/real-timers.js'
import { serve, type WireRequest } from './http/server.js'

/**
 * The raw request target as it came over the wire. The URL class resolves `..` and `.` in a path, which are legal
 * in S3 keys.
 */
export interface HandleContext {
  readonly rawTarget?: string | undefined
  /** A delivery of the simulated platform itself. No fault hits it, and it need not be planned. @defaultValue false */
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
  /** Stops listening and drops open connections. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Binds a simulator to a port on loopback. There is no way to bind it to anything else. */
export function listen(handle: Handle, options: ListenOptions = {}): Promise<Listener> {
  return listenOn((request) => handle(toRequest(request), { rawTarget: request.target }), options)
}

/** Binds what reads requests as they come over the wire. */
export async function listenOn(handle: Parameters<typeof serve>[0], options: ListenOptions): Promise<Listener> {
  if (timersAreFake()) {
    throw new Error(
      'The timers are faked, and the HTTP clients that are to ask a simulator wait by real ones: fake the date alone, by ' +
        "vi.useFakeTimers({ toFake: ['Date'] }) or jest.useFakeTimers({ doNotFake: ['setTimeout', 'setImmediate', …] }). " +
        'The simulated clock moves by itself. MemoryRecordingPlatform and MemoryStorageAdapter need no real timers.',
    )
  }
  const { port, close } = await serve(handle, options.port ?? 0)
  return { endpoint: `http://127.0.0.1:${port}`, port, close, [Symbol.asyncDispose]: close }
}

function toRequest({ method, target, host, headers, body }: WireRequest): Request {
  const url = `http://${host}${target.startsWith('/') ? '' : '/'}${target}`
  const sent = body === undefined ? {} : { body: body.stream(), duplex: 'half' as const }
  return new Request(url, { method, headers: [...headers].map(([name, value]) => [name, value]), ...sent })
}
