import { S3Error } from './errors.js'

/** Percent-decodes UTF-8. A sequence that is not valid UTF-8 is `InvalidURI`. */
export function decodeUri(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    throw new S3Error('InvalidURI')
  }
}

/** The URI encoding of Signature Version 4: everything but `A-Z a-z 0-9 - . _ ~`. */
export function encodeRfc3986(text: string): string {
  if (unreserved.test(text)) return text
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

const unreserved = /^[\w\-.~]*$/

/** The encoding of `encoding-type=url`: a form encoding that leaves `/`, so that a space is `+` (as S3 answers). */
export function encodeListed(text: string): string {
  // The keys of most exports: `year=2023/month=10/`.
  if (withEquals.test(text)) return text.replaceAll('=', '%3D')
  return encodeRfc3986(text).replaceAll('%20', '+').replaceAll('%2F', '/').replaceAll('%2A', '*').replaceAll('~', '%7E')
}

const withEquals = /^[\w\-./*=]*$/

/** Name and value pairs of a query string, decoded, in the order sent. */
export function parseQuery(raw: string): [name: string, value: string | undefined][] {
  if (raw === '') return []
  return raw
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=')
      const name = at < 0 ? part : part.slice(0, at)
      return [decodeForm(name), at < 0 ? undefined : decodeForm(part.slice(at + 1))]
    })
}

function decodeForm(text: string): string {
  return decodeUri(text.includes('+') ? text.replaceAll('+', ' ') : text)
}
