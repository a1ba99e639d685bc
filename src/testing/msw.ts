import { type HttpHandler, http } from 'msw'
import { isSlash, withoutEnd } from '../internal/text/edges.js'
import type { Handle } from './listen.js'

/** Anything that answers requests as a plain function, like both simulators. */
export interface RequestHandler {
  readonly handle: Handle
}

/** Where the Genesys handlers listen. */
export interface GenesysHandlerOptions {
  /**
   * Host without `api.` and `login.`, e.g. `mypurecloud.de`.
   *
   * @defaultValue 'mypurecloud.ie', the host of eu-west-1
   */
  readonly host?: string | undefined
}

/** Where the S3 handlers listen. */
export interface S3HandlerOptions {
  /** AWS name of the region. @defaultValue 'eu-west-1' */
  readonly region?: string | undefined
  /** A custom endpoint, such as `https://s3.example.com`, in place of that of AWS. */
  readonly endpoint?: string | undefined
}

/**
 * Handlers of Mock Service Worker that answer `https://api.{host}` and `https://login.{host}` from a Genesys
 * simulator. A connection that a fault drops is a network error.
 *
 * @example
 * const server = setupServer(...genesysHandlers(genesys), ...s3Handlers(s3))
 * server.listen({ onUnhandledRequest: 'error' })
 */
export function genesysHandlers(simulator: RequestHandler, options: GenesysHandlerOptions = {}): HttpHandler[] {
  const host = options.host ?? 'mypurecloud.ie'
  return [handlerFor(`https://api.${host}/*`, simulator), handlerFor(`https://login.${host}/*`, simulator)]
}

/**
 * Handlers of Mock Service Worker that answer the S3 of a region from an S3 simulator. The bucket may be in the
 * path (`forcePathStyle: true`) or in the host name.
 */
export function s3Handlers(simulator: RequestHandler, options: S3HandlerOptions = {}): HttpHandler[] {
  const region = options.region ?? 'eu-west-1'
  if (options.endpoint !== undefined) return [handlerFor(`${withoutEnd(options.endpoint, isSlash)}/*`, simulator)]
  return [
    handlerFor(`https://s3.${region}.amazonaws.com/*`, simulator),
    handlerFor(new RegExp(`^https://[^/]+\\.s3\\.${region}\\.amazonaws\\.com/`), simulator),
  ]
}

function handlerFor(path: string | RegExp, simulator: RequestHandler): HttpHandler {
  return http.all(path, ({ request }) => simulator.handle(request))
}
