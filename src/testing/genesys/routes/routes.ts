import type { Clock } from '../../../ports/runtime.js'
import type { JobEngine } from '../jobs/engine.js'
import type { PlatformState } from '../platform-state.js'
import type { SimulatedClient } from './oauth.js'

/** What a route works on. */
export interface RouteContext {
  readonly state: PlatformState
  readonly engine: JobEngine
  readonly clock: Clock
  readonly client: SimulatedClient
  readonly request: Request
  readonly url: URL
  readonly query: URLSearchParams
  /** A named part of the path, decoded. */
  param(name: string): string
  may(permission: string): boolean
}

/** One operation of the API. */
export interface Route {
  readonly method: string
  /** With `{name}` for the parts that vary. */
  readonly path: string
  /** The name by which fault scripts and the request log know it. */
  readonly operation: string
  /** Without it, or without any of them: 403 (genesys-facts, "Permissions"). */
  readonly permission?: string | readonly string[] | undefined
  answer(context: RouteContext): Promise<Response> | Response
}

interface CompiledRoute {
  readonly route: Route
  readonly pattern: RegExp
}

/** Finds the route of a request. */
export class RouteTable {
  readonly #routes: readonly CompiledRoute[]

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({
      route,
      pattern: new RegExp(`^${route.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}/?$`),
    }))
  }

  find(method: string, path: string) {
    const onPath = this.#routes.filter(({ pattern }) => pattern.test(path))
    const found = onPath.find(({ route }) => route.method === method)
    if (found === undefined) return { pathIsKnown: onPath.length > 0 } as const
    return { pathIsKnown: true, route: found.route, params: found.pattern.exec(path)?.groups ?? {} } as const
  }
}
