import type * as S3 from '@aws-sdk/client-s3'
import { isSecure } from '../../../internal/aws/secure-endpoint.js'
import { credentialsMistake } from '../client/checks.js'
import type { ResolvedClient } from '../client/eligible.js'
import { awkward, type CapturedRequest, capture, grantOf, hostOf, isSignedSo, queryOf, sendable } from './capture.js'
import type { WireRequest } from './connections.js'
import {
  emptyPayloadHash,
  encodeKeyPath,
  type Header,
  payloadHashOf,
  RequestSigner,
  type SigningKeys,
  type SigningScope,
} from './signature.js'

/** A request as its operation makes it, neither addressed nor signed. */
export interface RenderedCall {
  readonly method: 'GET' | 'PUT'
  /** Encoded, from the bucket on. */
  readonly path: string
  /** Encoded and sorted by name. */
  readonly query: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** Credentials of a session; temporary ones have a token. */
export interface SessionCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | undefined
}

/** How requests are addressed and signed for about a second. */
export interface FastSession {
  /** `https://bucket.s3.eu-west-1.amazonaws.com` */
  readonly origin: string
  /** What its requests are signed with. */
  readonly credentials: SessionCredentials
  /** Milliseconds since the epoch, on the machine's own clock. */
  readonly madeAt: number
  /** The time S3 was told, in milliseconds. */
  readonly signedAt: number
  /** @param asksForChecksums `false`: without `x-amz-checksum-mode`. @defaultValue true */
  head(key: string, versionId: string | undefined, asksForChecksums?: boolean): WireRequest
  /** @param query encoded and sorted by name */
  list(query: string): WireRequest
  call(call: RenderedCall): WireRequest
  /** Whether the client would make the same of a call as is made of it here, except for what differs each time. */
  isSame(captured: CapturedRequest, call: RenderedCall): boolean
}

/**
 * Asks the client for a signed HEAD without sending it, and takes address, region, date, credentials and headers
 * from it. These are the values of the client's own resolved configuration, refreshed as it says. `undefined` if
 * our signature of the same request differs from the client's, or if anything in it is unknown here.
 */
export async function openSession(
  sdk: typeof S3,
  client: ResolvedClient,
  about: {
    readonly bucket: string
    readonly expectedBucketOwner?: string | undefined
    readonly requestPayer?: 'requester' | undefined
  },
  keys: SigningKeys,
): Promise<FastSession | undefined> {
  const madeAt = Date.now()
  const owner = about.expectedBucketOwner === undefined ? {} : { ExpectedBucketOwner: about.expectedBucketOwner }
  const payer = about.requestPayer === undefined ? {} : { RequestPayer: about.requestPayer }
  const captured = await capture(
    client,
    new sdk.HeadObjectCommand({ Bucket: about.bucket, ...awkward, ChecksumMode: 'ENABLED', ...owner, ...payer }),
  )
  if (captured === undefined || captured.method !== 'HEAD' || captured.body !== undefined) return undefined
  // Why nothing is sent there is said with the SDK's own request.
  if (!isSecure(captured)) return undefined
  const { headers, path } = captured
  if (!Object.entries(headers).every(([name, value]) => knownHeaders.has(name) && sendable.test(value)))
    return undefined
  const suffix = `/${encodeKeyPath(awkward.Key)}`
  const query = `versionId=${encodeURIComponent(awkward.VersionId)}`
  if (!path.endsWith(suffix) || !visible.test(path) || queryOf(captured) !== query) return undefined
  const host = hostOf(captured)
  const granted = grantOf(captured)
  const secretAccessKey = await secretOf(client, granted?.accessKeyId)
  if (headers.host !== host || granted === undefined || secretAccessKey === undefined) return undefined
  const scope = { ...granted, secretAccessKey }
  const payloadHash = headers['x-amz-content-sha256'] ?? emptyPayloadHash
  if (!isSignedSo(captured, scope, payloadHash, keys)) return undefined
  return buildSession({ captured, host, base: path.slice(0, -suffix.length), payloadHash, madeAt, scope, keys })
}

/** Headers that differ from request to request, or that only browsers need. */
const droppedHeaders = ['amz-sdk-invocation-id', 'amz-sdk-request', 'x-amz-user-agent', 'authorization', 'host']
const keptHeaders = [
  'user-agent',
  'x-amz-checksum-mode',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-expected-bucket-owner',
  'x-amz-request-payer',
  'x-amz-security-token',
  'x-amzn-trace-id',
]
const knownHeaders: ReadonlySet<string> = new Set([...droppedHeaders, ...keptHeaders])
/** The SDK signs none of what a proxy may write again. */
const unsignedHeaders: ReadonlySet<string> = new Set(['cache-control', 'user-agent', 'x-amzn-trace-id'])
/** What a call says for itself. */
const headersOfCalls: ReadonlySet<string> = new Set([
  'x-amz-checksum-mode',
  'x-amz-content-sha256',
  'x-amz-expected-bucket-owner',
  'x-amz-request-payer',
])

/** What may be in a path. */
const visible = /^[\x21-\x7e]*$/

interface SessionParts {
  readonly captured: CapturedRequest
  readonly host: string
  /** What stands before `/key` in a path. */
  readonly base: string
  readonly payloadHash: string
  readonly madeAt: number
  readonly scope: SigningScope
  readonly keys: SigningKeys
}

function buildSession({ captured, host, base, payloadHash, madeAt, scope, keys }: SessionParts): FastSession {
  const sent = keptHeaders.flatMap((name) => {
    const value = captured.headers[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  const forHead = formOf(sent)
  const withoutMode = formOf(sent.filter(([name]) => name !== 'x-amz-checksum-mode'))
  const forCalls = sent.filter(([name]) => !headersOfCalls.has(name))
  const fixedForCalls = fixedOf(forCalls)
  const callSigner = signerOf(forCalls)
  const origin = `${captured.protocol}//${host}`
  const { accessKeyId, secretAccessKey } = scope
  return {
    origin,
    credentials: { accessKeyId, secretAccessKey, sessionToken: captured.headers['x-amz-security-token'] },
    madeAt,
    signedAt: timeOf(scope.amzDate),
    head(key, versionId, asksForChecksums = true) {
      const path = `${base}/${encodeKeyPath(key)}`
      const form = asksForChecksums ? forHead : withoutMode
      return form('HEAD', path, versionId === undefined ? '' : `versionId=${encodeURIComponent(versionId)}`)
    },
    list: (query) => withoutMode('GET', `${base}/`, query),
    call({ method, path: ofBucket, query, headers, body }) {
      const path = `${base}${ofBucket}`
      const bodyHash = bodyHashOf(body)
      const own: string[] = []
      const signed: Header[] = []
      const add = (name: string, value: string) => {
        own.push(name, value)
        if (!unsignedHeaders.has(name)) signed.push([name, value])
      }
      for (const name of Object.keys(headers)) add(name, headers[name] as string)
      add('x-amz-content-sha256', bodyHash)
      return {
        method,
        path: `${path}?${query}`,
        fixed: fixedForCalls,
        own,
        authorization: callSigner.authorizationWith({ method, path, query }, signed, bodyHash),
        body,
      }
    },
    isSame(other, { method, path, query, headers, body }) {
      const unknown = Object.keys(other.headers).filter((name) => !knownHeaders.has(name) && name !== 'content-length')
      return (
        `${other.protocol}//${hostOf(other)}` === origin &&
        other.method === method &&
        other.path === `${base}${path}` &&
        queryOf(other) === query &&
        (other.body ?? undefined) === body &&
        Object.entries(headers).every(([name, value]) => other.headers[name] === value) &&
        unknown.every((name) => Object.hasOwn(headers, name)) &&
        other.headers['x-amz-content-sha256'] === bodyHashOf(body) &&
        isSignedSo(other, { ...scope, ...grantOf(other) }, bodyHashOf(body), keys)
      )
    },
  }

  function bodyHashOf(body: string | undefined): string {
    return payloadHash === emptyPayloadHash ? payloadHashOf(body) : payloadHash
  }

  function signerOf(headers: readonly (readonly [string, string])[]): RequestSigner {
    const signed = [...headers.filter(([name]) => !unsignedHeaders.has(name)), ['host', host] as const]
    return new RequestSigner(scope, signed, payloadHash, keys)
  }

  function fixedOf(headers: readonly (readonly [string, string])[]) {
    const lines = [['host', host] as const, ['connection', 'keep-alive'] as const, ...headers]
    return { list: headers.flat(), text: lines.map(([name, value]) => `${name}: ${value}\r\n`).join('') }
  }

  function formOf(headers: readonly (readonly [string, string])[]) {
    const signer = signerOf(headers)
    const fixed = fixedOf(headers)
    return (method: 'HEAD' | 'GET', path: string, query: string): WireRequest => ({
      method,
      path: query === '' ? path : `${path}?${query}`,
      fixed,
      authorization: signer.authorization(method, path, query),
    })
  }
}

function timeOf(amzDate: string): number {
  return Date.parse(amzDate.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}

/** The secret that belongs to the key id which the client has just signed with. */
async function secretOf(client: ResolvedClient, accessKeyId: string | undefined): Promise<string | undefined> {
  const { credentials } = client.config
  if (typeof credentials !== 'function' || accessKeyId === undefined) return undefined
  const identity = (await credentials()) as { accessKeyId?: unknown; secretAccessKey?: unknown } | undefined
  if (identity?.accessKeyId !== accessKeyId || typeof identity.secretAccessKey !== 'string') return undefined
  return credentialsMistake(identity) === undefined ? identity.secretAccessKey : undefined
}
