import https from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { openTunnel, proxyFor } from './proxy.js'

const connectTimeoutMs = 10_000

/** What Node gives an agent that must connect. */
interface ConnectOptions extends tls.ConnectionOptions {
  readonly host?: string
  readonly port?: number
  readonly servername?: string
}

/** Keeps connections as Node's own agent does; what the environment names a proxy for is reached through it. */
export class TunnelAgent extends https.Agent {
  override createConnection(
    options: ConnectOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const { host = 'localhost', port = 443 } = options
    const proxy = proxyFor(new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`), process.env)
    if (proxy === undefined) return super.createConnection(options, callback)
    openTunnel(proxy, host, port, connectTimeoutMs).then(
      (socket: Socket) => callback?.(null, tls.connect({ ...options, socket })),
      (error: Error) => callback?.(error, undefined as never),
    )
    return undefined
  }
}
