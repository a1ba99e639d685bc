import type { HandleContext } from '../listen.js'
import { S3Error } from './errors.js'
import { decodeUri, parseQuery } from './uri.js'

/** Decoded query parameters; of a repeated one the first counts. */
export class Query {
  readonly pairs: readonly (readonly [name: string, value: string | undefined])[]
  readonly #values = new Map<string, string | undefined>()

  constructor(raw: string) {
    this.pairs = parseQuery(raw)
    for (const [name, value] of this.pairs) if (!this.#values.has(name)) this.#values.set(name, value)
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
  readonly query: Query
  readonly headers: Headers
  readonly request: Request
  /** Whether the request came over HTTP: a Request object says nothing of its length until it is sent. */
  readonly overHttp: boolean
}

/** Splits a request into bucket, key and parameters, in path style or virtual-hosted style. */
export function readRequest(request: Request, context: HandleContext | undefined): S3Request {
  const target = context?.rawTarget ?? targetOf(request.url)
  const at = target.indexOf('?')
  const rawPath = at < 0 ? target : target.slice(0, at)
  const host = request.headers.get('host') ?? new URL(request.url).host
  const { bucket, key } = locate(host, rawPath)
  return {
    method: request.method,
    rawPath,
    target,
    host,
    bucket,
    key,
    query: new Query(at < 0 ? '' : target.slice(at + 1)),
    headers: request.headers,
    request,
    overHttp: context?.rawTarget !== undefined,
  }
}

function targetOf(url: string): string {
  const path = url.indexOf('/', url.indexOf('//') + 2)
  const target = path < 0 ? '/' : url.slice(path)
  const hash = target.indexOf('#')
  return hash < 0 ? target : target.slice(0, hash)
}

function locate(host: string, rawPath: string): { bucket: string | undefined; key: string | undefined } {
  const hosted = hostedBucket(host)
  if (hosted !== undefined) return { bucket: hosted, key: keyOf(rawPath.slice(1)) }
  const path = rawPath.slice(1)
  const slash = path.indexOf('/')
  if (slash < 0) return { bucket: path === '' ? undefined : decodeUri(path), key: undefined }
  const bucket = decodeUri(path.slice(0, slash))
  return { bucket: bucket === '' ? undefined : bucket, key: keyOf(path.slice(slash + 1)) }
}

function keyOf(rawKey: string): string | undefined {
  if (rawKey === '') return undefined
  const key = decodeUri(rawKey)
  if (Buffer.byteLength(key) > 1024) {
    throw new S3Error('KeyTooLongError', {
      details: [
        ['Size', Buffer.byteLength(key)],
        ['MaxSizeAllowed', 1024],
      ],
    })
  }
  return key
}

const baseHost = /^(?:localhost|127\.\d+\.\d+\.\d+|s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?)$/

/** The bucket in front of a host that is ours, undefined in path style. */
function hostedBucket(host: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  if (baseHost.test(name)) return undefined
  // From the right: a bucket name may itself hold dots, and even look like a host.
  const match =
    /^(.+)\.(localhost|127\.\d+\.\d+\.\d+)$/.exec(name) ?? /^(.+?)\.(s3[.-].*amazonaws\.com(?:\.cn)?)$/.exec(name)
  return match?.[1]
}
