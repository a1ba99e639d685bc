import { LegalHoldError } from '../../model/errors.js'
import type { OptionCheck } from '../option-check.js'
import { isLoopback } from '../server-name.js'

/** Where a request goes, as a URL or a Smithy request names it. */
export interface Destination {
  readonly protocol: string
  readonly hostname: string
  readonly port?: string | number | undefined
}

/** Whether credentials and contents cross no network in clear on their way there. */
export function isSecure({ protocol, hostname }: Destination): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(bracketed(hostname)))
}

/** Throws `INSECURE_ENDPOINT` if credentials and contents would cross a network in clear. */
export function requireSecure(
  destination: Destination,
  about: { readonly what: string; readonly source?: string | undefined },
): void {
  if (isSecure(destination)) return
  const { protocol, hostname, port } = destination
  const host = `${bracketed(hostname)}${port === undefined || port === '' ? '' : `:${port}`}`
  const from = about.source === undefined ? '' : `, which ${about.source} names,`
  throw new LegalHoldError(
    `The ${about.what} endpoint ${protocol}//${host}${from} is not encrypted. Use https, or a loopback host for tests.`,
    { code: 'INSECURE_ENDPOINT', stage: 'options', details: { option: 'endpoint' } },
  )
}

/** A Smithy request names an IPv6 address without its brackets, a URL with them. */
function bracketed(hostname: string): string {
  return hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname
}

/** Notes what is wrong with the endpoint of a service. */
export function checkAwsEndpoint(endpoint: string | undefined, name: string, check: OptionCheck): void {
  if (endpoint === undefined) return
  const isUrl = typeof endpoint === 'string' && URL.canParse(endpoint)
  check.check(isUrl, 'endpoint', 'must be a URL such as https://host')
  if (isUrl) check.attempt('endpoint', () => requireSecure(new URL(endpoint), { what: name }))
}
