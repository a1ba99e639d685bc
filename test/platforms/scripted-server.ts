import { type Listener, listen } from '../../src/testing/listen.js'

/** One request as the scripted server saw it. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly authorization: string | null
  readonly body: string
}

type Answer = (request: SeenRequest, nth: number) => Response | Promise<Response>

export const clientId = 'client-1'
export const clientSecret = 's3cr3t+/value=='
export const basicValue = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')

/** A Genesys Cloud that answers what a test tells it to; it issues tokens `token-1`, `token-2`, … */
export class ScriptedServer {
  readonly requests: SeenRequest[] = []
  logins = 0
  onLogin: ((nth: number) => Response | Promise<Response>) | undefined
  readonly #answers = new Map<string, { answer: Answer; count: number }>()
  #listener: Listener | undefined

  async start(): Promise<this> {
    this.#listener = await listen((request, context) => this.#handle(request, context?.rawTarget ?? '/'))
    return this
  }

  get endpoint(): string {
    return this.#listener!.endpoint
  }

  /** Answers `METHOD /path` (without query). */
  on(route: string, answer: Answer): this {
    this.#answers.set(route, { answer, count: 0 })
    return this
  }

  count(route: string): number {
    return this.#answers.get(route)?.count ?? 0
  }

  close(): Promise<void> {
    return this.#listener!.close()
  }

  async #handle(request: Request, target: string): Promise<Response> {
    const path = target.split('?')[0]!
    const seen: SeenRequest = {
      method: request.method,
      path: target,
      authorization: request.headers.get('authorization'),
      body: await request.text(),
    }
    this.requests.push(seen)
    if (path === '/oauth/token') {
      this.logins += 1
      return this.onLogin?.(this.logins) ?? json(200, { access_token: `token-${this.logins}`, expires_in: 86_400 })
    }
    const route = this.#answers.get(`${request.method} ${path}`)
    if (route === undefined) return json(404, { message: `nothing at ${path}`, code: 'not.found', status: 404 })
    route.count += 1
    return route.answer(seen, route.count)
  }
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', 'inin-correlation-id': `corr-${status}`, ...headers },
  })
}

export function errorBody(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return json(status, { message, code, status, contextId: 'ctx', details: [], errors: [] }, headers)
}
