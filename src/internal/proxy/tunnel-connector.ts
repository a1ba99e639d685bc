import type { buildConnector } from 'undici'
import { openTunnel } from './proxy.js'

/**
 * How a client of undici connects through a proxy. Its own `ProxyAgent` says of a proxy that refuses that the connection was
 * lost: then nobody knows that nothing was sent.
 */
export async function tunnelConnector(proxy: URL, timeoutMs: number): Promise<buildConnector.connector> {
  const { buildConnector: build } = await import('undici')
  const connect = build({ timeout: timeoutMs })
  return (options, callback) => {
    const port = options.port === '' ? 443 : Number(options.port)
    openTunnel(proxy, options.hostname.replace(/^\[(.*)\]$/, '$1'), port, timeoutMs).then(
      (httpSocket) => connect({ ...options, httpSocket }, callback),
      (error: Error) => callback(error, null),
    )
  }
}
