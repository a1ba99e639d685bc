import type * as S3 from '@aws-sdk/client-s3'
import type { WireRequest } from './s3-fast-connections.js'
import type { ResolvedClient } from './s3-fast-eligible.js'
import { emptyPayloadHash, encodeKeyPath, RequestSigner, type SigningKeys } from './s3-fast-signature.js'

/** How requests are addressed and signed for about a second. */
export interface FastSession {
  /** `https://bucket.s3.eu-west-1.amazonaws.com` */
  readonly origin: string
  /** Milliseconds since the epoch, on the machine's own clock. */
  readonly madeAt: number
  /** The time S3 was told, in milliseconds. */
  readonly signedAt: number
  head(key: string, versionId: string | undefined): WireRequest
  /** @param query encoded and sorted by name */
  list(query: string): WireRequest
}

/** Awkward on purpose: what is signed here the way the SDK does is signed so for any key. */
const probe = { Key: "legal hold/ä+%2F&=?#'()*!~/../probe", VersionId: 'probe+/=' }

interface CapturedRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number | undefined
  readonly path: string
  readonly query?: Readonly<Record<string, unknown>> | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/**
 * Asks the client for a signed HEAD without sending it, and takes address, region, date, credentials and headers from
 * that: they are those of the client's own resolved configuration, refreshed as it says. `undefined` where the own
 * signature of the very same request differs from the client's, or anything in it is not known here.
 */
export async function openSession(
  sdk: typeof S3,
  client: ResolvedClient,
  about: { readonly bucket: string; readonly expectedBucketOwner?: string | undefined },
  keys: SigningKeys,
): Promise<FastSession | undefined> {
  const madeAt = Date.now()
  const owner = about.expectedBucketOwner === undefined ? {} : { ExpectedBucketOwner: about.expectedBucketOwner }
  const captured = await capture(
    client,
    new sdk.HeadObjectCommand({ Bucket: about.bucket, ...probe, ChecksumMode: 'ENABLED', ...owner }),
  )
  if (captured === undefined || captured.method !== 'HEAD' || captured.body !== undefined) return undefined
  const { headers, path } = captured
  if (!Object.entries(headers).every(([name, value]) => knownHeaders.has(name) && sendable.test(value)))
    return undefined
  const suffix = `/${encodeKeyPath(probe.Key)}`
  const { versionId, ...otherQuery } = captured.query ?? {}
  if (
    !path.endsWith(suffix) ||
    !visible.test(path) ||
    versionId !== probe.VersionId ||
    Object.keys(otherQuery).length > 0
  )
    return undefined
  const host = captured.port === undefined ? captured.hostname : `${captured.hostname}:${captured.port}`
  const { host: hostHeader, authorization, 'x-amz-date': amzDate } = headers
  if (hostHeader !== host || authorization === undefined || amzDate === undefined) return undefined
  const granted = authorizationPattern.exec(authorization)?.groups
  const secretAccessKey = await secretOf(client, granted?.accessKeyId)
  if (granted === undefined || secretAccessKey === undefined) return undefined
  const { accessKeyId = '', region = '', service = '', names = '' } = granted
  const scope = { accessKeyId, secretAccessKey, region, service, amzDate }
  const signed = names.split(';').map((name) => [name, headers[name] ?? ''] as const)
  const payloadHash = headers['x-amz-content-sha256'] ?? emptyPayloadHash
  const same = new RequestSigner(scope, signed, payloadHash, keys)
  const query = `versionId=${encodeURIComponent(probe.VersionId)}`
  if (same.authorization('HEAD', path, query) !== authorization) return undefined
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
  'x-amz-security-token',
  'x-amzn-trace-id',
]
const knownHeaders: ReadonlySet<string> = new Set([...droppedHeaders, ...keptHeaders])
const unsignedHeaders: ReadonlySet<string> = new Set(['user-agent', 'x-amzn-trace-id'])

/** What may stand in a header, and in a path. */
const sendable = /^[\t\x20-\x7e\x80-\xff]*$/
const visible = /^[\x21-\x7e]*$/

const authorizationPattern =
  /^AWS4-HMAC-SHA256 Credential=(?<accessKeyId>[^/]+)\/\d{8}\/(?<region>[^/]+)\/(?<service>s3)\/aws4_request, SignedHeaders=(?<names>[a-z0-9;-]+), Signature=[0-9a-f]{64}$/

interface SessionParts {
  readonly captured: CapturedRequest
  readonly host: string
  /** What stands before `/key` in a path. */
  readonly base: string
  readonly payloadHash: string
  readonly madeAt: number
  readonly scope: ConstructorParameters<typeof RequestSigner>[0]
  readonly keys: SigningKeys
}

function buildSession({ captured, host, base, payloadHash, madeAt, scope, keys }: SessionParts): FastSession {
  const sent = keptHeaders.flatMap((name) => {
    const value = captured.headers[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  const forHead = formOf(sent)
  const forList = formOf(sent.filter(([name]) => name !== 'x-amz-checksum-mode'))
  return {
    origin: `${captured.protocol}//${host}`,
    madeAt,
    signedAt: timeOf(scope.amzDate),
    head(key, versionId) {
      const path = `${base}/${encodeKeyPath(key)}`
      return forHead('HEAD', path, versionId === undefined ? '' : `versionId=${encodeURIComponent(versionId)}`)
    },
    list: (query) => forList('GET', `${base}/`, query),
  }

  function formOf(headers: readonly (readonly [string, string])[]) {
    const signed = [...headers.filter(([name]) => !unsignedHeaders.has(name)), ['host', host] as const]
    const signer = new RequestSigner(scope, signed, payloadHash, keys)
    const lines = [['host', host] as const, ['connection', 'keep-alive'] as const, ...headers]
    const fixed = { list: headers.flat(), text: lines.map(([name, value]) => `${name}: ${value}\r\n`).join('') }
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

/** The request as the client's own middleware makes and signs it; the last of them keeps it instead of sending it. */
async function capture(client: ResolvedClient, command: S3.HeadObjectCommand): Promise<CapturedRequest | undefined> {
  let captured: CapturedRequest | undefined
  command.middlewareStack.add(
    () => async (args) => {
      captured = args.request as CapturedRequest
      return { response: { statusCode: 200, headers: {} }, output: { $metadata: {} } }
    },
    // After the signature, which is the last of this step, and before the answer would be read.
    { step: 'finalizeRequest', priority: 'low', name: 'legalHoldCapture' },
  )
  await (client.send as (this: unknown, command: unknown) => Promise<unknown>).call(client, command)
  return captured
}

/** The secret that belongs to the key id which the client has just signed with. */
async function secretOf(client: ResolvedClient, accessKeyId: string | undefined): Promise<string | undefined> {
  const { credentials } = client.config
  if (typeof credentials !== 'function' || accessKeyId === undefined) return undefined
  const identity = (await credentials()) as { accessKeyId?: unknown; secretAccessKey?: unknown } | undefined
  if (identity?.accessKeyId !== accessKeyId || typeof identity.secretAccessKey !== 'string') return undefined
  return identity.secretAccessKey
}
