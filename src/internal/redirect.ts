/** Statuses that send the client elsewhere (RFC 9110, 15.4). */
const redirects = new Set([301, 302, 303, 307, 308])

/** An answer that sends the client elsewhere. */
export interface Redirect {
  /** Where to, for an error: without query, fragment and credentials. */
  readonly target: string
  /** The request was certainly not acted upon. Forms are often answered with 302 or 303 once they are. */
  readonly isUntouched: boolean
}

/** What an answer says of a redirect; `undefined` if it is none. */
export function redirectOf(status: number | undefined, location: string | undefined): Redirect | undefined {
  if (status === undefined || !redirects.has(status)) return undefined
  return { target: targetOf(location), isUntouched: status !== 302 && status !== 303 }
}

const sameHost = 'same-host.invalid'
const mostCharacters = 200

function targetOf(location: string | undefined): string {
  if (location === undefined || location === '') return 'an address that it does not name'
  if (!URL.canParse(location, `https://${sameHost}`)) return 'an address that is not a URL'
  const { protocol, hostname, host, pathname } = new URL(location, `https://${sameHost}`)
  if (protocol !== 'https:' && protocol !== 'http:') return `an address of the protocol ${protocol}`
  const path = pathname.length > mostCharacters ? `${pathname.slice(0, mostCharacters)}…` : pathname
  return hostname === sameHost ? `${path} of the same host` : `${protocol}//${host}${path}`
}
