import type { RawHeaders } from './connections.js'
import { copyOf } from './text.js'

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

/** Names by the form in which servers send them: nearly all answers have the same, and to make a text of each costs more than the rest. */
const lowerCase = new Map<string, string>()
const mostNames = 256

function inLowerCase(name: string): string {
  const known = lowerCase.get(name)
  if (known !== undefined) return known
  const lower = name.toLowerCase()
  if (lowerCase.size < mostNames) lowerCase.set(copyOf(name), lower)
  return lower
}

/** Names in lower case and values as Node's own client, and so the SDK, would present them. */
export function headersOf(raw: RawHeaders): Record<string, string> {
  const headers: Record<string, string> = Object.setPrototypeOf({}, null)
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = inLowerCase(raw[at] ?? '')
    const value = raw[at + 1] ?? ''
    const former = headers[name]
    if (former === undefined) headers[name] = value
    else if (!firstWins.has(name)) headers[name] = `${former}${name === 'cookie' ? ';' : ','} ${value}`
  }
  return headers
}
