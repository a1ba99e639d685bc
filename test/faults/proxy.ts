import { connect, createServer, type Server, type Socket } from 'node:net'

/** What becomes of one connection, or of the answers on it. */
export type Trouble =
  | { readonly kind: 'none' }
  /** Every piece comes late, in both directions. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Dropped with a reset when the request has arrived, before the server has seen it. */
  | { readonly kind: 'reset' }
  /** The request goes through, and instead of the answer comes a reset. */
  | { readonly kind: 'reset-answer' }
  /** Nothing comes back any more, and nobody says so. */
  | { readonly kind: 'half-open' }
  /** The answer ends after so many bytes. */
  | { readonly kind: 'truncate'; readonly afterBytes: number }

/** A network between a client and a server on loopback that does to each exchange what it is told to. */
export class TcpProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Asked for every piece of a request. */
  trouble: () => Trouble = () => ({ kind: 'none' })
  /** As if the cable were out: connections are dropped, new ones too. */
  dead = false
  readonly met: Record<string, number> = {}

  constructor(target: string) {
    const { hostname, port } = new URL(target)
    this.#server = createServer((client) => {
      if (this.dead) {
        client.destroy()
        return
      }
      this.#join(client, connect({ host: hostname, port: Number(port) }))
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('The proxy is not bound to a port.')
    return `http://127.0.0.1:${address.port}`
  }

  /** Drops what is connected. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.cut()
    await closed
  }

  #join(client: Socket, server: Socket): void {
    let present: Trouble = { kind: 'none' }
    let answered = 0
    const both = [client, server]
    const drop = () => {
      for (const socket of both) socket.destroy()
    }
    for (const socket of both) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', drop)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        drop()
      })
    }
    const pass = (to: Socket, piece: Buffer) => {
      if (present.kind === 'delay') setTimeout(() => to.writable && to.write(piece), present.delayMs)
      else if (to.writable) to.write(piece)
    }
    client.on('data', (piece) => {
      present = this.trouble()
      answered = 0
      this.met[present.kind] = (this.met[present.kind] ?? 0) + 1
      if (present.kind === 'reset') {
        client.resetAndDestroy()
        server.destroy()
      } else pass(server, piece)
    })
    server.on('data', (piece) => {
      if (present.kind === 'half-open') return
      if (present.kind === 'reset-answer') {
        client.resetAndDestroy()
        server.destroy()
        return
      }
      if (present.kind === 'truncate' && answered + piece.length > present.afterBytes) {
        client.end(piece.subarray(0, present.afterBytes - answered))
        server.destroy()
        return
      }
      answered += piece.length
      pass(client, piece)
    })
  }
}
