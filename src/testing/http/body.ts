import type { IncomingMessage } from 'node:http'

/** The body of a request, which is not read unless somebody asks for it. */
export interface RequestBody {
  /** All of it. Throws what `tooLong` makes of the size once more than `maxBytes` have come. */
  read(maxBytes: number, tooLong: (sizeBytes: number) => Error): Promise<Buffer>
}

/** The body of a request that came as an object. */
export function bodyOfRequest({ body }: Request): RequestBody | undefined {
  if (body === null) return undefined
  return {
    async read(maxBytes, tooLong) {
      const chunks: Uint8Array[] = []
      let sizeBytes = 0
      const reader = body.getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return Buffer.concat(chunks)
        chunks.push(value)
        sizeBytes += value.length
        if (sizeBytes > maxBytes) {
          reader.cancel().catch(() => {})
          throw tooLong(sizeBytes)
        }
      }
    },
  }
}

/** The body of a request on the wire. */
export class IncomingBody implements RequestBody {
  readonly #incoming: IncomingMessage
  readonly #askForIt: () => void
  #awaited: boolean
  #discarded = false

  /** @param askForIt lets a client that waits for leave begin to send */
  constructor(incoming: IncomingMessage, askForIt: () => void, awaited: boolean) {
    this.#incoming = incoming
    this.#askForIt = askForIt
    this.#awaited = awaited
  }

  /** Whether the client still waits to be asked, so that nobody knows whether the body will come. */
  get isAwaited(): boolean {
    return this.#awaited
  }

  read(maxBytes: number, tooLong: (sizeBytes: number) => Error): Promise<Buffer> {
    this.#begin()
    const incoming = this.#incoming
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      let sizeBytes = 0
      const done = () => {
        incoming.off('data', take).off('end', end).off('error', fail).off('close', cut)
      }
      const take = (chunk: Buffer) => {
        chunks.push(chunk)
        sizeBytes += chunk.length
        if (sizeBytes <= maxBytes) return
        done()
        reject(tooLong(sizeBytes))
        this.discard()
      }
      const end = () => {
        done()
        const [only] = chunks
        resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks))
      }
      const fail = (error: Error) => {
        done()
        reject(error)
      }
      const cut = () => fail(new Error('The connection ended before the body of the request.'))
      if (incoming.destroyed && !incoming.readableEnded) {
        cut()
        return
      }
      incoming.on('data', take).on('end', end).on('error', fail).on('close', cut)
    })
  }

  /** The body as a stream, for a `Request`: it is read no faster than it is asked for. */
  stream(): ReadableStream<Uint8Array> {
    const incoming = this.#incoming
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      incoming.on('data', (chunk: Buffer) => {
        if (this.#discarded) return
        incoming.pause()
        controller.enqueue(chunk)
      })
      incoming.pause()
      incoming.once('end', () => {
        if (!this.#discarded) controller.close()
      })
      incoming.once('error', (error) => {
        if (!this.#discarded) controller.error(error)
      })
    }
    const pull = () => {
      this.#begin()
      incoming.resume()
    }
    return new ReadableStream({ start, pull, cancel: () => this.discard() }, { highWaterMark: 0 })
  }

  /** Takes what nobody read off the wire, so that the connection can be used again. */
  discard(): void {
    this.#discarded = true
    this.#incoming.resume()
  }

  #begin(): void {
    if (this.#awaited) this.#askForIt()
    this.#awaited = false
  }
}
