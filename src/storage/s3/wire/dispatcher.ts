import type { Dispatcher } from 'undici'
import type { Connection, ExchangeHandler, WireRequest } from './connections.js'
import { textOf } from './headers.js'

/** What is used of an undici `Client`, or of a dispatcher of the caller's. */
export type DispatcherPart = Pick<Dispatcher, 'dispatch'> & { readonly destroy?: Dispatcher['destroy'] }

/** Exchanges over undici: where the caller names a dispatcher, or the environment a proxy. */
export class DispatcherConnection implements Connection {
  readonly #open: () => DispatcherPart
  readonly #origin: string
  #dispatcher: DispatcherPart

  /** @param open makes a dispatcher of its own, or gives one that somebody else closes: that has no `destroy` */
  constructor(open: () => DispatcherPart, origin: string) {
    this.#open = open
    this.#origin = origin
    this.#dispatcher = open()
  }

  dispatch({ method, path, fixed, own = [], authorization, body }: WireRequest, handler: ExchangeHandler): void {
    const options = {
      origin: this.#origin,
      path,
      method,
      headers: [...fixed.list, ...own, 'authorization', authorization],
      ...(body === undefined ? {} : { body }),
      // undici closes the connection after each HEAD otherwise: 5 times slower, over TLS 36 times.
      reset: false,
      headersTimeout: 0,
      bodyTimeout: 0,
    }
    try {
      this.#dispatcher.dispatch(options, new Exchanged(handler))
    } catch (error) {
      handler.onError(error)
    }
  }

  renew(): void {
    this.destroy()
    this.#dispatcher = this.#open()
  }

  destroy(): void {
    // What was under way hears of it by itself.
    this.#dispatcher.destroy?.()?.catch(() => {})
  }
}

/** Gathers one answer. */
class Exchanged implements Dispatcher.DispatchHandler {
  readonly #handler: ExchangeHandler
  #status = 0
  #headers: readonly string[] = []
  readonly #body: Buffer[] = []

  constructor(handler: ExchangeHandler) {
    this.#handler = handler
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#handler.onConnect(abort)
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    // 1xx: the answer itself is still to come.
    if (status >= 200) {
      this.#status = status
      this.#headers = headers.map(textOf)
    }
    return true
  }

  onData(chunk: Buffer): boolean {
    this.#body.push(chunk)
    return true
  }

  onComplete(): void {
    this.#handler.onAnswer(this.#status, this.#headers, this.#body)
  }

  onError(error: unknown): void {
    this.#handler.onError(error)
  }
}
