import { createHmac, hash } from 'node:crypto'
import { isAsciiBlank, withoutEdges } from '../../../internal/text/edges.js'
import { copyOf } from './text.js'

/** SHA-256 of nothing: the payload hash of every request without a body. */
export const emptyPayloadHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** A header to be signed. */
export type Header = readonly [name: string, value: string]

/** What a signature is made for, and with. */
export interface SigningScope {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  readonly service: string
  /** `YYYYMMDDTHHMMSSZ`, in UTC. */
  readonly amzDate: string
}

/**
 * Signatures (AWS Signature Version 4) for requests that differ only in method, path and query: everything else is
 * rendered once. The path is taken as it is sent, encoded once and not normalised, as S3 wants it.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export class RequestSigner {
  readonly #mac: Hmac
  readonly #headers: readonly Header[]
  /** What follows method, path and query in the canonical request. */
  readonly #rest: string
  /** The `Authorization` header up to the names of the signed headers. */
  readonly #credential: string
  /** And from there up to the signature. */
  readonly #signedHeaders: string

  /** @param headers names (any case) and values of all headers to sign, `host` among them */
  constructor(
    scope: SigningScope,
    headers: Iterable<Header>,
    payloadHash: string = emptyPayloadHash,
    keys: SigningKeys = new SigningKeys(),
  ) {
    this.#headers = [...headers]
    const { names, text } = canonicalHeaders(this.#headers)
    const day = scope.amzDate.slice(0, 8)
    const credentialScope = `${day}/${scope.region}/${scope.service}/aws4_request`
    const key = keys.derive(scope.secretAccessKey, day, scope.region, scope.service)
    this.#mac = new Hmac(key, `AWS4-HMAC-SHA256\n${scope.amzDate}\n${credentialScope}\n`)
    this.#rest = `${text}\n${names}\n${payloadHash}`
    this.#credential = `AWS4-HMAC-SHA256 Credential=${scope.accessKeyId}/${credentialScope}, SignedHeaders=`
    this.#signedHeaders = `${names}, Signature=`
  }

  /** The value of the `Authorization` header. Path and query are URL-encoded; the query is sorted by its names. */
  authorization(method: string, path: string, query: string): string {
    const canonical = hash('sha256', `${method}\n${path}\n${query}\n${this.#rest}`, 'hex')
    return this.#credential + this.#signedHeaders + this.#mac.hex(canonical)
  }

  /**
   * The same for a request with further headers and a payload of its own. Values may hold bytes above 0x7F, one a
   * character, as they are sent.
   */
  authorizationWith(
    { method, path, query }: { readonly method: string; readonly path: string; readonly query: string },
    headers: Iterable<Header>,
    payloadHash: string,
  ): string {
    const { names, text } = canonicalHeaders([...this.#headers, ...headers])
    const request = `${method}\n${path}\n${query}\n${text}\n${names}\n${payloadHash}`
    const canonical = hash('sha256', Buffer.from(request, 'latin1'), 'hex')
    return `${this.#credential}${names}, Signature=${this.#mac.hex(canonical)}`
  }
}

/** SHA-256 of a payload, in hexadecimal digits. */
export function payloadHashOf(body: string | undefined): string {
  return body === undefined ? emptyPayloadHash : hash('sha256', body, 'hex')
}

const blockBytes = 64
const digestHexLength = 64

/**
 * HMAC-SHA256 (RFC 2104) of a constant beginning and a hexadecimal digest, by `crypto.hash` alone. `createHmac` makes
 * a native object each time, which costs three times as much: 4 of the 30 µs of a whole HEAD.
 */
class Hmac {
  readonly #inner: Buffer
  readonly #outer: Buffer
  readonly #at: number

  /** @param key at most 64 bytes */
  constructor(key: Buffer, beginning: string) {
    this.#at = blockBytes + beginning.length
    this.#inner = Buffer.alloc(this.#at + digestHexLength, 0x36)
    this.#outer = Buffer.alloc(blockBytes + digestHexLength / 2, 0x5c)
    for (const [at, byte] of key.entries()) {
      this.#inner[at] = 0x36 ^ byte
      this.#outer[at] = 0x5c ^ byte
    }
    this.#inner.write(beginning, blockBytes, 'latin1')
  }

  hex(digest: string): string {
    this.#inner.write(digest, this.#at, 'latin1')
    this.#outer.write(hash('sha256', this.#inner, 'binary'), blockBytes, 'latin1')
    return hash('sha256', this.#outer, 'hex')
  }
}

// Of ASCII only: a byte 0xA0 is a part of a character.
const blanks = /[\t-\r ]+/g
const anyBlank = /[\t-\r ]/

/** In which order the headers of a request are signed. */
interface SignedOrder {
  /** In lower case, sorted. */
  readonly names: readonly string[]
  /** Where each of them is among the headers. */
  readonly places: readonly number[]
  /** Joined, as the request names them. */
  readonly text: string
}

/** Names as they were given, with their order: requests of one kind have the same, and to sort them costs as much as the signature. */
interface KnownOrder {
  readonly given: readonly string[]
  readonly order: SignedOrder | undefined
}

/** The last ones: a run has about as many kinds as it has operations. */
const orders: KnownOrder[] = []
const mostOrders = 32

function orderFor(headers: readonly Header[]): SignedOrder | undefined {
  for (const { given, order } of orders) if (isOf(given, headers)) return order
  const order = orderOf(headers)
  if (orders.length === mostOrders) orders.shift()
  orders.push({ given: headers.map(([name]) => copyOf(name)), order })
  return order
}

function isOf(given: readonly string[], headers: readonly Header[]): boolean {
  return given.length === headers.length && given.every((name, at) => name === headers[at]?.[0])
}

function canonicalHeaders(headers: readonly Header[]): { names: string; text: string } {
  const order = orderFor(headers)
  if (order === undefined) return mergedHeaders(headers)
  let text = ''
  for (let at = 0; at < order.names.length; at += 1) {
    text += `${order.names[at]}:${canonicalValue(headers[order.places[at] as number]?.[1] ?? '')}\n`
  }
  return { names: order.text, text }
}

/** `undefined` where a name is there twice: the values are then one. */
function orderOf(headers: readonly Header[]): SignedOrder | undefined {
  const sorted = headers
    .map(([name], place) => ({ name: name.toLowerCase(), place }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const names = sorted.map(({ name }) => name)
  if (new Set(names).size < names.length) return undefined
  return { names, places: sorted.map(({ place }) => place), text: names.join(';') }
}

function mergedHeaders(headers: readonly Header[]): { names: string; text: string } {
  const merged = new Map<string, string>()
  for (const [name, value] of headers) {
    const canonical = canonicalValue(value)
    const lowerCase = name.toLowerCase()
    const former = merged.get(lowerCase)
    merged.set(lowerCase, former === undefined ? canonical : `${former},${canonical}`)
  }
  const sorted = [...merged].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    names: sorted.map(([name]) => name).join(';'),
    text: sorted.map(([name, value]) => `${name}:${value}\n`).join(''),
  }
}

function canonicalValue(value: string): string {
  return anyBlank.test(value) ? withoutEdges(value, isAsciiBlank).replace(blanks, ' ') : value
}

/** The derived signing key of a day, region and service: four HMACs that are the same for a whole day of requests. */
export class SigningKeys {
  #secret: string | undefined
  #scope = ''
  #key: Buffer | undefined

  derive(secretAccessKey: string, day: string, region: string, service: string): Buffer {
    const scope = `${day}/${region}/${service}`
    if (this.#key !== undefined && this.#secret === secretAccessKey && this.#scope === scope) return this.#key
    let key: Buffer = Buffer.from(`AWS4${secretAccessKey}`)
    for (const part of [day, region, service, 'aws4_request']) key = createHmac('sha256', key).update(part).digest()
    this.#secret = secretAccessKey
    this.#scope = scope
    this.#key = key
    return key
  }
}

const reserved = /[!'()*]/g
const reservedOrSlash = /%2F|[!'()*]/g

/** RFC 3986 encoding of a query name or value: all but `A-Z a-z 0-9 - . _ ~`. */
export function encodeQueryPart(text: string): string {
  return encodeURIComponent(text).replace(reserved, percent)
}

/** The characters of a key as Genesys writes it: of these only `=` is encoded. */
const plainKey = /^[A-Za-z0-9\-._~/=]*$/

/** The keys of a listing lie in the same folder by the thousand: the last one up to its last `=`, and encoded. */
let lastFolder = { folder: '', encoded: '' }

/** A key as it is in the path of a request: as a query part, except for its slashes. Throws for a lone surrogate. */
export function encodeKeyPath(key: string): string {
  const { folder, encoded } = lastFolder
  const isKnown = key.startsWith(folder)
  const rest = isKnown ? key.slice(folder.length) : key
  if (!plainKey.test(rest)) {
    return encodeURIComponent(key).replace(reservedOrSlash, (part) => (part === '%2F' ? '/' : percent(part)))
  }
  if (isKnown && !rest.includes('=')) return encoded + rest
  const end = key.lastIndexOf('=') + 1
  const newFolder = copyOf(key.slice(0, end))
  lastFolder = { folder: newFolder, encoded: newFolder.replaceAll('=', '%3D') }
  return lastFolder.encoded + key.slice(end)
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
