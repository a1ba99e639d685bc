import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { bucketName } from '../bucket.ts'
import { end, startProcess } from '../server.ts'
import { keyAt } from './layout.ts'
import type { Counts } from './record.ts'

/** The server of a whole run, in a process of its own. */
export interface WholeServer {
  readonly endpoint: string
  /** What the bucket of the run was asked for. */
  counts(): Promise<Counts>
  stop(): Promise<void>
}

export interface WholeServerOptions {
  readonly recordings: number
  readonly latencyMs: number
  readonly objectLock: boolean
}

export async function startWholeServer(options: WholeServerOptions): Promise<WholeServer> {
  const { recordings, latencyMs, objectLock } = options
  const script = fileURLToPath(new URL('./responder.ts', import.meta.url))
  const { child, port } = await startProcess(script, [String(recordings), String(latencyMs), String(objectLock)])
  const endpoint = `http://127.0.0.1:${port}`
  return {
    endpoint,
    counts: async () => (await (await fetch(`${endpoint}/bench-counts`)).json()) as Counts,
    stop: () => end(child),
  }
}

const windows = 3

/** How many HEADs a second the server answers to a client that does nothing but write and read bytes: the best of some windows. */
export async function rawRate(connections: number, measuredMs: number): Promise<number> {
  const server = await startWholeServer({ recordings: 1_000, latencyMs: 0, objectLock: true })
  try {
    const { port } = new URL(server.endpoint)
    const lanes = Array.from({ length: connections }, () => new RawLane(Number(port)))
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
    const answered = () => lanes.reduce((sum, lane) => sum + lane.answered, 0)
    await pause(measuredMs)
    let best = 0
    for (let window = 0; window < windows; window += 1) {
      const [before, from] = [answered(), performance.now()]
      await pause(measuredMs)
      best = Math.max(best, ((answered() - before) / (performance.now() - from)) * 1_000)
    }
    for (const lane of lanes) lane.end()
    return best
  } finally {
    await server.stop()
  }
}

/** One request after the other on one connection. */
class RawLane {
  answered = 0
  readonly #socket

  constructor(port: number) {
    const path = `/${bucketName}/${keyAt(0).replaceAll('=', '%3D')}`
    const request = Buffer.from(`HEAD ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`)
    this.#socket = connect(port, '127.0.0.1', () => this.#socket.write(request))
    this.#socket.on('data', (data) => {
      // An answer without a body ends in an empty line.
      if (!data.subarray(-4).equals(emptyLine)) return
      this.answered += 1
      this.#socket.write(request)
    })
  }

  end(): void {
    this.#socket.destroy()
  }
}

const emptyLine = Buffer.from('\r\n\r\n')
