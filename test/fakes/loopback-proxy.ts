import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'

export interface LoopbackProxy {
  readonly port: number
  /** What it was asked for: `CONNECT host:port`, or a method and a URL where somebody speaks to it in clear. */
  readonly asked: string[]
  readonly authorizations: (string | undefined)[]
  close(): Promise<void>
}

/** A proxy on loopback that connects to one place whatever it is asked for, or refuses with a status. */
export async function loopbackProxy(target: number | { readonly refuse: number }): Promise<LoopbackProxy> {
  const asked: string[] = []
  const authorizations: (string | undefined)[] = []
  const sockets = new Set<Duplex>()
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.writeHead(400).end()
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  server.on('connect', (request, socket: Duplex) => {
    asked.push(`CONNECT ${request.url}`)
    authorizations.push(request.headers['proxy-authorization'])
    if (typeof target === 'object') {
      socket.end(`HTTP/1.1 ${target.refuse} No\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    const onward = connect(target, '127.0.0.1')
    sockets.add(onward)
    onward.on('error', () => socket.destroy())
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    socket.pipe(onward).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { port: (server.address() as AddressInfo).port, asked, authorizations, close }
}

const pem = (name: string) => new URL(`../storage/s3/client/tls/proxied-test-only.${name}.pem`, import.meta.url)

/** The certificate of {@link tlsServer}, for `NODE_EXTRA_CA_CERTS`. */
export const tlsCertificate = fileURLToPath(pem('cert'))

/** A server for `s3.proxied.test` and `*.s3.proxied.test`, names that no resolver knows. */
export async function tlsServer(listener: http.RequestListener): Promise<{ port: number; close(): Promise<void> }> {
  const server = https.createServer({ cert: readFileSync(pem('cert')), key: readFileSync(pem('key')) }, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { port: (server.address() as AddressInfo).port, close }
}
