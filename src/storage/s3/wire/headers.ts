import type { RawHeaders } from './connections.js'

/** Header text as Node decodes it: one character a byte. */
export function textOf(part: Buffer | string): string {
  return typeof part === 'string' ? part : part.toString('latin1')
}

/** One header, without making a record of all. @param name in lower case */
export function headerIn(raw: RawHeaders, name: string): string | undefined {
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const one = raw[at]
    if (one?.length === name.length && one.toLowerCase() === name) return raw[at + 1]
  }
  return undefined
}

// Node keeps the first of these and joins all others (http.IncomingMessage, message.headers).
const firstWins = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
])

/** Names in lower case and values as Node's own client, and so the SDK, would present them. */
export function headersOf(raw: RawHeaders): Record<string, string> {
  const headers: Record<string, string> = Object.setPrototypeOf({}, null)
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase()
    const value = raw[at + 1] ?? ''
    const former = headers[name]
    if (former === undefined) headers[name] = value
    else if (!firstWins.has(name)) headers[name] = `${former}${name === 'cookie' ? ';' : ','} ${value}`
  }
  return headers
}
