import type { Clock } from '../../../ports/runtime.js'
import { missingPermission } from '../http.js'
import type { JobEngine } from '../jobs/engine.js'
import type { SimulatedConversation } from '../organization.js'
import type { PlatformState } from '../platform-state.js'
import type { SimulatedClient } from './oauth.js'

/** What a route works on. */
export interface RouteContext {
  readonly state: PlatformState
  readonly engine: JobEngine
  readonly clock: Clock
  readonly client: SimulatedClient
  /** `inin-correlation-id` of the answer. */
  readonly correlationId: string
  readonly request: Request
  readonly url: URL
  readonly query: URLSearchParams
  /** A named part of the path, decoded. */
  param(name: string): string
  may(permission: string): boolean
  /** Whether the client has the permission in a division of the conversation. */
  sees(conversation: SimulatedConversation, permission: string): boolean
}

/** One operation of the API. */
export interface Route {
  readonly method: string
  /** With `{name}` for the parts that vary. */
  readonly path: string
  /** The name by which fault scripts and the request log know it. */
  readonly operation: string
  /** Without it, without any of a list, or without all: 403 (genesys-facts, "Permissions"). */
  readonly permission?: string | readonly string[] | { readonly all: readonly string[] } | undefined
  answer(context: RouteContext): Promise<Response> | Response
}

/** Refuses a client that lacks what a route needs. */
export function checkPermission({ permission = [] }: Route, may: (permission: string) => boolean): void {
  if (typeof permission === 'object' && 'all' in permission) {
    const missing = permission.all.filter((one) => !may(one))
    if (missing.length > 0) throw missingPermission(missing, 'all')
    return
  }
  const wanted = [permission].flat()
  if (wanted.length > 0 && !wanted.some(may)) throw missingPermission(wanted)
}

interface CompiledRoute {
  readonly route: Route
  readonly pattern: RegExp
}

/** Finds the route of a request. */
export class RouteTable {
  readonly #routes: readonly CompiledRoute[]

  constructor(routes: readonly Route[]) {
    // A fixed path before one that varies in its place.
    const ordered = routes.toSorted((a, b) => (a.path.match(/\{/g)?.length ?? 0) - (b.path.match(/\{/g)?.length ?? 0))
    this.#routes = ordered.map((route) => ({
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
