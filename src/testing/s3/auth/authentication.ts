import type { KeyObject } from 'node:crypto'
import { invalidArgument, invalidRequest, S3Error } from '../http/errors.js'
import type { S3Request } from '../http/request.js'
import { httpDate, isoSeconds, parseBasicDate } from '../http/time.js'
import type { Authenticated, AuthenticationSettings, ChunkSigning, PayloadMode, SignatureClaim } from './claim.js'
import { anonymousIdentity, identityOf, type S3SimulatorCredentials } from './identity.js'
import { presignedClaim } from './presigned.js'
import {
  canonicalRequest,
  hmacHex,
  readCredential,
  sameSignature,
  scopeText,
  signingKey,
  stringToSign,
} from './signature.js'
import { authenticatePresignedV2, isPresignedV2 } from './signature-v2.js'

/** Finds out who sent a request, and refuses one whose signature does not hold. */
export function authenticate(request: S3Request, settings: AuthenticationSettings): Authenticated {
  const authorization = request.headers.get('authorization')
  const presigned = request.query.has('X-Amz-Algorithm') || request.query.has('X-Amz-Signature')
  const versionTwo = isPresignedV2(request)
  if (authorization !== null && (presigned || versionTwo)) {
    throw invalidArgument(
      'Authorization',
      // The value would repeat a signature.
      undefined,
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
    )
  }
  if (versionTwo) return authenticatePresignedV2(request, { ...settings, region: settings.regions.at(-1) ?? '' })
  if (presigned) return verify(request, presignedClaim(request, settings), settings, 'query')
  if (authorization !== null) return verify(request, headerClaim(request, authorization), settings, 'header')
  return { identity: anonymousIdentity, payload: payloadMode(request.headers.get('x-amz-content-sha256')) }
}

function unsupportedMechanism(): S3Error {
  return invalidRequest('The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.')
}

function headerClaim(request: S3Request, authorization: string): SignatureClaim {
  if (authorization.startsWith('AWS ')) throw unsupportedMechanism()
  const [scheme, ...rest] = authorization.split(/\s+/)
  if (scheme !== 'AWS4-HMAC-SHA256') throw invalidArgument('Authorization', undefined, 'Unsupported Authorization Type')
  const fields = new Map<string, string>()
  for (const field of rest.join('').split(',')) {
    const at = field.indexOf('=')
    fields.set(field.slice(0, at), field.slice(at + 1))
  }
  const credential = fields.get('Credential')
  const signedHeaders = fields.get('SignedHeaders')
  const signature = fields.get('Signature')
  if (!credential || !signedHeaders || !signature) {
    throw malformed(
      'The authorization header is malformed; the authorization header requires three components: Credential, SignedHeaders, and Signature.',
    )
  }
  const { accessKeyId, scope } = readCredential(credential, (reason) =>
    malformed(`The authorization header is malformed; ${reason}`),
  )
  const payloadHash = request.headers.get('x-amz-content-sha256')
  if (payloadHash === null) {
    throw invalidRequest('Missing required header for this request: x-amz-content-sha256')
  }
  const timestamp = headerTimestamp(request)
  if (timestamp.slice(0, 8) !== scope.date) {
    throw malformed(
      `The authorization header is malformed; Invalid credential date "${scope.date}". This date is not the same as X-Amz-Date: "${timestamp.slice(0, 8)}".`,
    )
  }
  return {
    accessKeyId,
    scope,
    timestamp,
    signedHeaders: signedHeaders.split(';'),
    signature,
    payloadHash,
    sessionToken: request.headers.get('x-amz-security-token') ?? undefined,
  }
}

function headerTimestamp(request: S3Request): string {
  const basic = request.headers.get('x-amz-date')
  if (basic !== null && parseBasicDate(basic) !== undefined) return basic
  const date = Date.parse(request.headers.get('date') ?? '')
  if (basic !== null || Number.isNaN(date)) {
    throw new S3Error('AccessDenied', { message: 'AWS authentication requires a valid Date or x-amz-date header' })
  }
  return new Date(date).toISOString().replace(/[-:]|\.\d+/g, '')
}

function malformed(message: string): S3Error {
  return new S3Error('AuthorizationHeaderMalformed', { message })
}

function verify(
  request: S3Request,
  claim: SignatureClaim,
  settings: AuthenticationSettings,
  place: 'header' | 'query',
): Authenticated {
  const credentials = settings.credentials.get(claim.accessKeyId)
  if (credentials === undefined) throw unknownKey(claim)
  checkRegion(claim, settings, place)
  if (place === 'header') checkSkew(claim, settings)
  checkToken(claim, credentials, settings)
  const key = signingKey(credentials.secretAccessKey, claim.scope)
  if (settings.verifySignatures) checkSignature(request, claim, key)
  checkSignedHeaders(request, claim)
  const signing = {
    key,
    timestamp: claim.timestamp,
    scope: scopeText(claim.scope),
    seed: claim.signature,
  }
  return {
    identity: identityOf(credentials),
    payload: payloadMode(claim.payloadHash, signing),
    region: claim.scope.region,
  }
}

function unknownKey(claim: SignatureClaim): S3Error {
  return new S3Error('InvalidAccessKeyId', { details: [['AWSAccessKeyId', claim.accessKeyId]] })
}

function checkRegion(claim: SignatureClaim, { regions }: AuthenticationSettings, place: 'header' | 'query'): void {
  if (regions.includes(claim.scope.region)) return
  const expected = regions.at(-1) ?? ''
  const wrong = `the region '${claim.scope.region}' is wrong; expecting '${expected}'`
  const init = { details: [['Region', expected]], headers: { 'x-amz-bucket-region': expected } } as const
  throw place === 'header'
    ? new S3Error('AuthorizationHeaderMalformed', {
        message: `The authorization header is malformed; ${wrong}`,
        ...init,
      })
    : new S3Error('AuthorizationQueryParametersError', {
        message: `Error parsing the X-Amz-Credential parameter; ${wrong}`,
        ...init,
      })
}

function checkSkew(claim: SignatureClaim, { nowMs, maxClockSkewMs }: AuthenticationSettings): void {
  const requestMs = parseBasicDate(claim.timestamp) ?? 0
  if (Math.abs(nowMs - requestMs) <= maxClockSkewMs) return
  throw new S3Error('RequestTimeTooSkewed', {
    details: [
      ['RequestTime', claim.timestamp],
      ['ServerTime', isoSeconds(nowMs)],
      ['MaxAllowedSkewMilliseconds', maxClockSkewMs],
    ],
    headers: { date: httpDate(nowMs) },
  })
}

function checkToken(
  claim: SignatureClaim,
  credentials: S3SimulatorCredentials,
  { nowMs }: AuthenticationSettings,
): void {
  if (claim.sessionToken === undefined) {
    // Temporary credentials are unknown without their token.
    if (credentials.sessionToken !== undefined) throw unknownKey(claim)
    return
  }
  if (claim.sessionToken !== credentials.sessionToken) throw new S3Error('InvalidToken')
  if (credentials.expiresAtMs !== undefined && credentials.expiresAtMs <= nowMs) throw new S3Error('ExpiredToken')
}

/** S3 refuses what an attacker could have added: the host and every x-amz header must be signed. */
function checkSignedHeaders(request: S3Request, { signedHeaders }: SignatureClaim): void {
  const host = signedHeaders.includes('host') ? [] : ['host']
  const unsigned: string[] = []
  for (const name of request.sent.keys()) {
    if (name.startsWith('x-amz-') && name !== 'x-amz-content-sha256' && !signedHeaders.includes(name))
      unsigned.push(name)
  }
  if (host.length + unsigned.length === 0) return
  throw new S3Error('AccessDenied', {
    message: 'There were headers present in the request which were not signed',
    details: [['HeadersNotSigned', [...host, ...unsigned.sort()].join(', ')]],
  })
}

function checkSignature(request: S3Request, claim: SignatureClaim, key: KeyObject): void {
  const canonical = canonicalRequest(request, claim.signedHeaders, claim.payloadHash)
  const text = stringToSign(claim.timestamp, claim.scope, canonical)
  if (sameSignature(hmacHex(key, text), claim.signature)) return
  throw new S3Error('SignatureDoesNotMatch', {
    details: [
      ['AWSAccessKeyId', claim.accessKeyId],
      ['StringToSign', text],
      ['SignatureProvided', claim.signature],
      ['StringToSignBytes', hexBytes(Buffer.from(text))],
      ['CanonicalRequest', canonical.toString('latin1')],
      ['CanonicalRequestBytes', hexBytes(canonical)],
    ],
  })
}

function hexBytes(bytes: Buffer): string {
  return bytes.toString('hex').replace(/..(?=.)/g, '$& ')
}

function payloadMode(value: string | null, signing?: ChunkSigning): PayloadMode {
  switch (value) {
    case null:
    case 'UNSIGNED-PAYLOAD':
      return { kind: 'unsigned' }
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return { kind: 'chunked', trailer: true }
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      return { kind: 'chunked', trailer: false, signing }
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return { kind: 'chunked', trailer: true, signing }
  }
  if (/^[0-9a-f]{64}$/i.test(value)) return { kind: 'hash', sha256: value.toLowerCase() }
  throw invalidArgument(
    'x-amz-content-sha256',
    value,
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
  )
}
