import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../ports/runtime.js'
import { Refusal } from '../http.js'
import type { SimulatorSettings } from '../settings.js'

/** An OAuth client of the simulated organisation. */
export interface SimulatedClient {
  readonly clientId: string
  readonly clientSecret: string
  /**
   * What it may do, e.g. `recording:job:add`.
   *
   * @defaultValue everything
   */
  readonly permissions?: readonly string[] | undefined
  /** Divisions in which its role is granted. @defaultValue all */
  readonly divisionIds?: readonly string[] | undefined
  /** Divisions of single permissions, where they differ: those of a second role. */
  readonly divisionsByPermission?: Readonly<Record<string, readonly string[]>> | undefined
}

interface Token {
  readonly client: SimulatedClient
  readonly expiresAtMs: number
  windowStartMs: number
  count: number
}

const windowMs = 60_000

/** Issues and checks tokens, and counts the requests that each one makes. */
export class TokenOffice {
  readonly #clients: readonly SimulatedClient[]
  readonly #settings: SimulatorSettings
  readonly #clock: Clock
  readonly #tokens = new Map<string, Token>()

  constructor(clients: readonly SimulatedClient[], settings: SimulatorSettings, clock: Clock) {
    this.#clients = clients
    this.#settings = settings
    this.#clock = clock
  }

  /** The client credentials grant. The answers are those of OAuth, not ErrorBody. */
  issue(authorization: string | null, form: string): { readonly status: number; readonly body: unknown } {
    const grant = new URLSearchParams(form)
    if (grant.get('grant_type') !== 'client_credentials') {
      return oauthError(400, 'unsupported_grant_type', 'The grant type must be client_credentials.')
    }
    const { clientId, clientSecret } = basicCredentials(authorization)
    const client = this.#clients.find((known) => known.clientId === clientId)
    if (client === undefined) return oauthError(400, 'invalid_client', `client not found: ${clientId}`)
    if (client.clientSecret !== clientSecret) return oauthError(401, 'invalid_client', 'authentication failed')
    const token = `${randomUUID()}${randomUUID()}`.replaceAll('-', '')
    const nowMs = this.#clock.now()
    this.#forgetExpired(nowMs)
    this.#tokens.set(token, {
      client,
      expiresAtMs: nowMs + this.#settings.tokenTtlMs,
      windowStartMs: nowMs,
      count: 0,
    })
    const expiresIn = Math.floor(this.#settings.tokenTtlMs / 1_000)
    return { status: 200, body: { access_token: token, token_type: 'bearer', expires_in: expiresIn } }
  }

  /** The client of a request, with the rate-limit headers of its answer. */
  admit(authorization: string | null): { readonly client: SimulatedClient; readonly headers: Record<string, string> } {
    const [scheme, value] = (authorization ?? '').split(' ')
    if (scheme?.toLowerCase() !== 'bearer' || !value) {
      throw new Refusal(
        401,
        'authentication.required',
        'No authentication bearer token specified in authorization header.',
      )
    }
    const token = this.#tokens.get(value)
    const nowMs = this.#clock.now()
    if (token === undefined || token.expiresAtMs <= nowMs) {
      throw new Refusal(401, 'bad.credentials', 'Invalid login credentials.')
    }
    return { client: token.client, headers: this.#count(token, nowMs) }
  }

  /** Makes every token invalid, as an administrator does who resets a client. */
  revokeAll(): void {
    this.#tokens.clear()
  }

  #count(token: Token, nowMs: number): Record<string, string> {
    const allowed = this.#settings.rateLimitPerMinute
    if (nowMs - token.windowStartMs >= windowMs) {
      token.windowStartMs = nowMs
      token.count = 0
    }
    token.count += 1
    const resetSeconds = Math.max(1, Math.ceil((token.windowStartMs + windowMs - nowMs) / 1_000))
    const headers = {
      'inin-ratelimit-count': String(token.count),
      'inin-ratelimit-allowed': String(allowed),
      'inin-ratelimit-reset': String(resetSeconds),
    }
    if (token.count <= allowed) return headers
    throw new Refusal(
      429,
      'too.many.requests',
      `Rate limit exceeded the maximum [${allowed}] requests within [60] seconds`,
      {
        headers: { ...headers, 'retry-after': String(resetSeconds) },
        limit: { key: 'token.rate.per.minute', namespace: 'platform.api', value: allowed },
      },
    )
  }

  #forgetExpired(nowMs: number): void {
    for (const [value, token] of this.#tokens) if (token.expiresAtMs <= nowMs) this.#tokens.delete(value)
  }
}

function oauthError(status: number, error: string, description: string) {
  return { status, body: { error, description, error_description: description } }
}

function basicCredentials(authorization: string | null): { clientId: string; clientSecret: string } {
  const [scheme, value] = (authorization ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'basic' || !value) return { clientId: '', clientSecret: '' }
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return { clientId: text.slice(0, Math.max(0, colon)), clientSecret: text.slice(colon + 1) }
}
