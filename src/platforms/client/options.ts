import { OptionCheck } from '../../internal/option-check.js'
import type { RetryOptions } from '../../internal/retry.js'
import { isLoopback } from '../../internal/server-name.js'
import { credentialMistake } from '../../internal/text/header-text.js'
import { LegalHoldError } from '../../model/errors.js'
import type { Clock, Logger } from '../../ports/runtime.js'
import { findRegion, type GenesysRegion, resolveRegion } from './regions.js'

/** The part of the Genesys SDK's `ApiClient` that a ready client needs. Structural, so that any version fits. */
export interface ReadyApiClient {
  callApi(...args: never[]): Promise<unknown>
}

/** A token, or what fetches one; the function is called again when the platform says the token has expired. */
export type AccessToken = string | (() => string | Promise<string>)

/**
 * How to reach one Genesys Cloud organisation. Give `clientId` with `clientSecret` (OAuth client credentials), or an
 * `accessToken`, or a ready `client`.
 */
export interface GenesysConnectionOptions {
  /** AWS name (`eu-west-1`) or host (`mypurecloud.ie`, `api.mypurecloud.ie`). May be left out with `client`. */
  readonly region?: string | undefined
  readonly clientId?: string | undefined
  readonly clientSecret?: string | undefined
  readonly accessToken?: AccessToken | undefined
  /** A logged-in `ApiClient` of `purecloud-platform-client-v2`. Its settings are not changed. */
  readonly client?: ReadyApiClient | undefined
  /** URL of a gateway in place of the region's own hosts: a proxy or a simulator. `http:` only to loopback. */
  readonly endpoint?: string | undefined
  readonly retry?: RetryOptions | undefined
  readonly clock?: Clock | undefined
  readonly logger?: Logger | undefined
  /** Longest time of one attempt, in milliseconds. @defaultValue 16000 */
  readonly timeoutMs?: number | undefined
}

// A record, so that the compiler asks for every name that is added to the type.
const connectionRecord: Record<keyof GenesysConnectionOptions, true> = {
  region: true,
  clientId: true,
  clientSecret: true,
  accessToken: true,
  client: true,
  endpoint: true,
  retry: true,
  clock: true,
  logger: true,
  timeoutMs: true,
}
const connectionNames = Object.keys(connectionRecord)

/** Checked connection options. */
export interface GenesysConnection {
  readonly region: GenesysRegion | undefined
  readonly endpoint: URL | undefined
  readonly credentials:
    | { readonly kind: 'client-credentials'; readonly clientId: string; readonly clientSecret: string }
    | { readonly kind: 'token'; readonly token: AccessToken }
    | { readonly kind: 'client'; readonly client: ReadyApiClient }
  readonly timeoutMs: number
}

/**
 * Checks connection options and says everything that is wrong with them.
 *
 * @throws `UNKNOWN_REGION`, `MISSING_CREDENTIALS`, `INSECURE_ENDPOINT`, `INVALID_OPTIONS`.
 */
export function checkConnection(
  options: GenesysConnectionOptions,
  subject: string,
  mistakes: OptionCheck = new OptionCheck(`The options of ${subject}`),
  ownNames: readonly string[] = [],
): GenesysConnection {
  const region = checkRegion(options, mistakes)
  const credentials = checkCredentials(options, mistakes)
  const endpoint = checkEndpoint(options.endpoint, mistakes)
  const { timeoutMs = 16_000 } = options
  if (!Number.isFinite(timeoutMs) || timeoutMs <= 0) {
    mistakes.add('timeoutMs', `is ${timeoutMs}; it must be a positive number of milliseconds`)
  }
  checkRetry(options.retry, mistakes)
  addUnknownNames(options, [...connectionNames, ...ownNames], mistakes)
  mistakes.throwIfAny()
  if (credentials === undefined) {
    throw new LegalHoldError(`The options of ${subject} name no credentials.`, {
      code: 'MISSING_CREDENTIALS',
      stage: 'options',
    })
  }
  return { region, endpoint, credentials, timeoutMs }
}

/**
 * Names that nobody reads, where something is wrong anyway: one of them is likely a name misspelt. Alone they are none, so
 * that a connection may be kept together with other settings.
 */
function addUnknownNames(options: object, known: readonly string[], mistakes: OptionCheck): void {
  if (mistakes.isFine) return
  const unknown = Object.keys(options).filter((name) => !known.includes(name))
  if (unknown.length > 0) mistakes.add('', `Not known: ${unknown.join(', ')}; known are ${known.join(', ')}.`)
}

function checkRegion(options: GenesysConnectionOptions, mistakes: OptionCheck): GenesysRegion | undefined {
  if (options.region === undefined || options.region === '') {
    if (options.client === undefined) {
      mistakes.add('region', 'is missing: give the AWS name (eu-west-1) or the host (mypurecloud.ie)', {
        code: 'UNKNOWN_REGION',
      })
      return undefined
    }
    return regionOfClient(options.client)
  }
  return mistakes.attempt('region', () => resolveRegion(String(options.region)))
}

function regionOfClient(client: ReadyApiClient): GenesysRegion | undefined {
  const { config } = client as { config?: { environment?: unknown } }
  return typeof config?.environment === 'string' ? findRegion(config.environment) : undefined
}

function checkCredentials(
  options: GenesysConnectionOptions,
  mistakes: OptionCheck,
): GenesysConnection['credentials'] | undefined {
  const { clientId, clientSecret, accessToken, client } = options
  const ways = [
    ...(clientId !== undefined || clientSecret !== undefined ? ['clientId and clientSecret'] : []),
    ...(accessToken !== undefined ? ['accessToken'] : []),
    ...(client !== undefined ? ['client'] : []),
  ]
  if (ways.length > 1) {
    mistakes.add('', `Give one kind of credentials; these are several: ${ways.join('; ')}.`)
    return undefined
  }
  if (client !== undefined) {
    const insecure = insecureHostOf(client)
    if (insecure !== undefined) mistakes.add('client', notEncrypted(insecure), { code: 'INSECURE_ENDPOINT' })
    if (typeof client?.callApi === 'function') return { kind: 'client', client }
    mistakes.add('client', 'is not an ApiClient: it has no callApi method')
    return undefined
  }
  if (accessToken !== undefined) {
    if (typeof accessToken === 'function' || (typeof accessToken === 'string' && accessToken.trim() !== '')) {
      if (typeof accessToken === 'string') addMistake('accessToken', accessToken, mistakes)
      return { kind: 'token', token: accessToken }
    }
    mistakes.add('accessToken', 'is empty', { code: 'MISSING_CREDENTIALS' })
    return undefined
  }
  if (clientId) addMistake('clientId', clientId, mistakes)
  if (clientSecret) addMistake('clientSecret', clientSecret, mistakes)
  const missing = [...(clientId ? [] : ['clientId']), ...(clientSecret ? [] : ['clientSecret'])]
  if (clientId && clientSecret) return { kind: 'client-credentials', clientId, clientSecret }
  const alternative = missing.length === 2 ? ' (or accessToken, or client)' : ''
  mistakes.add(missing.join(' and '), `${missing.length > 1 ? 'are' : 'is'} missing${alternative}`, {
    code: 'MISSING_CREDENTIALS',
    details: { missing },
  })
  return undefined
}

function addMistake(name: string, value: unknown, mistakes: OptionCheck): void {
  const mistake = credentialMistake(value, name === 'accessToken')
  if (mistake !== undefined) mistakes.add(name, mistake, { details: { option: name } })
}

/** Where a ready client of the SDK sends its token in clear: to its gateway, or to hosts that were set by hand. */
function insecureHostOf(client: ReadyApiClient): string | undefined {
  const { config } = (client ?? {}) as { config?: { gateway?: unknown; basePath?: unknown; authUrl?: unknown } }
  const { host, protocol = 'https' } = (config?.gateway ?? {}) as { host?: unknown; protocol?: unknown }
  const urls = host ? [`${protocol}://${host}`] : [config?.basePath, config?.authUrl]
  for (const url of urls) {
    if (typeof url !== 'string' || !URL.canParse(url)) continue
    const { protocol: scheme, hostname, origin } = new URL(url)
    if (scheme === 'http:' && !isLoopback(hostname)) return origin
  }
  return undefined
}

function notEncrypted(origin: string): string {
  return `${origin} is not encrypted; http is accepted to loopback only. Use https.`
}

function checkEndpoint(endpoint: string | undefined, mistakes: OptionCheck): URL | undefined {
  if (endpoint === undefined) return undefined
  let url: URL
  try {
    url = new URL(endpoint)
  } catch {
    mistakes.add('endpoint', 'is not a valid URL')
    return undefined
  }
  if (url.username !== '' || url.password !== '') {
    mistakes.add('endpoint', 'carries credentials; take them out of the URL')
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    mistakes.add('endpoint', notEncrypted(url.origin), { code: 'INSECURE_ENDPOINT' })
  } else if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    mistakes.add('endpoint', `has the protocol ${url.protocol}; it must be https`)
  }
  return url
}

function checkRetry(retry: RetryOptions | undefined, mistakes: OptionCheck): void {
  for (const name of ['retries', 'minDelayMs', 'maxDelayMs', 'totalTimeoutMs'] as const) {
    const value = retry?.[name]
    if (value === undefined) continue
    if (!Number.isFinite(value) || value < 0 || (name === 'retries' && !Number.isInteger(value))) {
      mistakes.add(`retry.${name}`, `is ${value}; it must be zero or a positive number`)
    }
  }
}
