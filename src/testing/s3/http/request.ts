import { bodyOfRequest, type RequestBody } from '../../http/body.js'
import { Fields } from '../../http/fields.js'
import { S3Error } from './errors.js'
import { decodeUri, parseQuery } from './uri.js'

/** Decoded query parameters; of a repeated one the first counts. */
export class Query {
  static readonly none = new Query('')
  readonly pairs: readonly (readonly [name: string, value: string | undefined])[]
  readonly #values = new Map<string, string | undefined>()

  constructor(raw: string) {
    this.pairs = parseQuery(raw)
    for (const [name, value] of this.pairs) if (!this.#values.has(name)) this.#values.set(name, value)
  }

  get isEmpty(): boolean {
    return this.pairs.length === 0
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** The value; undefined if the parameter was not sent, empty if it was sent without one. */
  get(name: string): string | undefined {
    return this.#values.has(name) ? (this.#values.get(name) ?? '') : undefined
  }

  names(): IterableIterator<string> {
    return this.#values.keys()
  }
}

/** A request as S3 reads it. */
export interface S3Request {
  readonly method: string
  /** Path as it came over the wire, which the signature covers. */
  readonly rawPath: string
  /** Path with query as it came over the wire. */
  readonly target: string
  readonly host: string
  readonly bucket: string | undefined
  readonly key: string | undefined
  /** Whether the bucket is named by the host. */
  readonly hosted: boolean
  readonly query: Query
  /** Header fields, those among them that a presigned URL carries as parameters. */
  readonly headers: Fields
  /** Header fields as they were sent, which the signature covers. */
  readonly sent: Fields
  readonly body: RequestBody | undefined
  /** Whether the request came over HTTP: a Request object says nothing of its length until it is sent. */
  readonly overHttp: boolean
}

/** A request as it came, over the wire or as an object. */
export interface SentRequest {
  readonly method: string
  /** Path with query, neither decoded nor normalised. */
  readonly target: string
  readonly host: string
  readonly headers: Fields
  readonly body: RequestBody | undefined
  readonly overHttp: boolean
}

/** A request that came as an object. The URL class resolves `..` in a path; `rawTarget` is what was sent. */
export function sentAsObject(request: Request, rawTarget: string | undefined): SentRequest {
  const { method, url, headers } = request
  return {
    method,
    target: rawTarget ?? targetOf(url),
    host: headers.get('host') ?? new URL(url).host,
    headers: Fields.from(headers),
    body: bodyOfRequest(request),
    overHttp: rawTarget !== undefined,
  }
}

/** Splits a request into bucket, key and parameters, in path style or virtual-hosted style. */
export function readRequest({ method, target, host, headers, body, overHttp }: SentRequest): S3Request {
  const at = target.indexOf('?')
  const rawPath = at < 0 ? target : target.slice(0, at)
  const { bucket, key, hosted } = locate(host, rawPath)
  const query = at < 0 ? Query.none : new Query(target.slice(at + 1))
  return {
    method,
    rawPath,
    target,
    host,
    bucket,
    key,
    hosted,
    query,
    headers: hoistedHeaders(headers, query),
    sent: headers,
    body,
    overHttp,
  }
}

/** Parameters of a presigned URL that stand for headers of the same name, beside those that begin with `x-amz-`. */
export const hoistable: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-md5',
  'content-type',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'range',
])

const ofSignature = /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|content-sha256|security-token)$/

/** Signers move headers into the URL that they presign; S3 reads them from there. */
function hoistedHeaders(headers: Fields, query: Query): Fields {
  if (query.isEmpty || !(query.has('X-Amz-Signature') || query.has('Signature'))) return headers
  const hoisted = new Map<string, string>()
  for (const [name, value] of query.pairs) {
    const header = name.toLowerCase()
    const counts = hoistable.has(header) || (header.startsWith('x-amz-') && !ofSignature.test(header))
    if (!counts || value === undefined || headers.has(header) || hoisted.has(header)) continue
    // As bytes, which is how a header itself would have come.
    hoisted.set(header, Buffer.from(value).toString('latin1'))
  }
  const merged = headers.with(hoisted)
  if (merged !== undefined) return merged
  throw new S3Error('InvalidArgument', { message: 'Header value cannot be represented using ISO-8859-1.' })
}

function targetOf(url: string): string {
  const path = url.indexOf('/', url.indexOf('//') + 2)
  const target = path < 0 ? '/' : url.slice(path)
  const hash = target.indexOf('#')
  return hash < 0 ? target : target.slice(0, hash)
}

interface Location {
  readonly bucket: string | undefined
  readonly key: string | undefined
  readonly hosted: boolean
}

function locate(host: string, rawPath: string): Location {
  const hosted = hostedBucket(host)
  if (hosted !== undefined) return { bucket: hosted, key: keyOf(rawPath.slice(1)), hosted: true }
  const path = rawPath.slice(1)
  const slash = path.indexOf('/')
  if (slash < 0) return { bucket: path === '' ? undefined : decodeUri(path), key: undefined, hosted: false }
  const bucket = decodeUri(path.slice(0, slash))
  return { bucket: bucket === '' ? undefined : bucket, key: keyOf(path.slice(slash + 1)), hosted: false }
}

function keyOf(rawKey: string): string | undefined {
  if (rawKey === '') return undefined
  const key = decodeUri(rawKey)
  // No character has more than three bytes for each of its UTF-16 code units.
  const size = key.length * 3 > 1024 ? Buffer.byteLength(key) : 0
  if (size > 1024) {
    throw new S3Error('KeyTooLongError', {
      details: [
        ['Size', size],
        ['MaxSizeAllowed', 1024],
      ],
    })
  }
  return key
}

/** Hosts under which a bucket may be named, for a name without its port. */
const ownHost = /(?:^|\.)(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/

/** The bucket in front of a host that is ours, undefined in path style. */
function hostedBucket(host: string): string | undefined {
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase()
  const own = ownHost.exec(name)
  if (own !== null) return own.index === 0 ? undefined : name.slice(0, own.index)
  if (!name.endsWith('.amazonaws.com') && !name.endsWith('.amazonaws.com.cn')) return undefined
  if (/^s3[.-]/.test(name)) return undefined
  // The first from the left: what follows a bucket's name may hold `s3` once more.
  const at = [name.indexOf('.s3.'), name.indexOf('.s3-')].filter((found) => found > 0)
  return at.length === 0 ? undefined : name.slice(0, Math.min(...at))
}
