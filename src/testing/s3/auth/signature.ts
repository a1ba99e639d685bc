import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { S3Error } from '../http/errors.js'
import type { S3Request } from '../http/request.js'
import { decodeUri, encodeRfc3986 } from '../http/uri.js'

/** Date, region and service that a signature is for. */
export interface Scope {
  readonly date: string
  readonly region: string
  readonly service: string
  readonly terminator: string
}

/** The scope as it is in a string to sign. */
export function scopeText(scope: Scope): string {
  return `${scope.date}/${scope.region}/${scope.service}/${scope.terminator}`
}

// Deriving a key takes four HMACs; the keys of a day are few.
const keys = new Map<string, KeyObject>()

/** Derives the key that signs within a scope. */
export function signingKey(secretAccessKey: string, scope: Scope): KeyObject {
  const id = `${scopeText(scope)}/${secretAccessKey}`
  const known = keys.get(id)
  if (known !== undefined) return known
  const derived = [scope.date, scope.region, scope.service, scope.terminator].reduce<Buffer>(
    (previous, part) => createHmac('sha256', previous).update(part).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  )
  const key = createSecretKey(derived)
  if (keys.size >= 100) keys.clear()
  keys.set(id, key)
  return key
}

/** HMAC-SHA256 in hex. */
export function hmacHex(key: KeyObject, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex')
}

/** SHA-256 in hex. */
export function sha256Hex(data: string | Buffer): string {
  return hash('sha256', data)
}

/** Compares signatures in constant time. */
export function sameSignature(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}

/**
 * The canonical request of Signature Version 4 as S3 builds it: the path is encoded once and not normalised.
 * Header values are bytes: a byte beyond ASCII stands as the character of its number.
 */
export function canonicalRequest(request: S3Request, signedHeaders: readonly string[], payloadHash: string): Buffer {
  let headers = ''
  for (const name of signedHeaders) headers += `${name}:${canonicalValue(headerValue(request, name))}\n`
  const { method, rawPath } = request
  const text = `${method}\n${canonicalPath(rawPath)}\n${canonicalQuery(request)}\n${headers}\n${signedHeaders.join(';')}\n${payloadHash}`
  return Buffer.from(text, 'latin1')
}

// Letters, digits, and what is encoded as it must be: encoding it again would change nothing.
const encodedAlready = /^(?:[\w\-.~/]|%(?:2[0-9ABCF]|3[A-F]|40|5[BCDE]|60|7[BCD]))*$/

function canonicalPath(rawPath: string): string {
  return encodedAlready.test(rawPath) ? rawPath : rawPath.split('/').map(canonicalSegment).join('/')
}

function canonicalSegment(segment: string): string {
  return encodeRfc3986(decodeUri(segment))
}

function canonicalQuery(request: S3Request): string {
  if (request.query.isEmpty) return ''
  return request.query.pairs
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encodeRfc3986(name), encodeRfc3986(value ?? '')] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function headerValue(request: S3Request, name: string): string {
  if (name === 'host') return request.host
  // As sent: what a presigned URL carries in place of headers is signed as a part of the URL.
  return request.sent.get(name) ?? ''
}

function canonicalValue(value: string): string {
  const trimmed = value.trim()
  return trimmed.includes('  ') ? trimmed.replace(/ +/g, ' ') : trimmed
}

/** The string to sign over a canonical request. */
export function stringToSign(timestamp: string, scope: Scope, canonical: Buffer): string {
  return `AWS4-HMAC-SHA256\n${timestamp}\n${scopeText(scope)}\n${sha256Hex(canonical)}`
}

/** Splits `AKID/20231020/eu-west-1/s3/aws4_request`. */
export function readCredential(
  credential: string,
  fail: (reason: string) => S3Error,
): { accessKeyId: string; scope: Scope } {
  const parts = credential.split('/')
  const [terminator, service, region, date] = parts.slice(-4).reverse()
  const accessKeyId = parts.slice(0, -4).join('/')
  if (!accessKeyId || !date || !region || !service || !terminator) {
    throw fail('the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".')
  }
  if (service !== 's3') throw fail(`incorrect service "${service}". This endpoint belongs to "s3".`)
  if (terminator !== 'aws4_request') {
    throw fail(`incorrect terminal "${terminator}". This endpoint uses "aws4_request".`)
  }
  return { accessKeyId, scope: { date, region, service, terminator } }
}
