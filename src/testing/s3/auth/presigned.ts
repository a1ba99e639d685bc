import { S3Error } from '../http/errors.js'
import type { S3Request } from '../http/request.js'
import { isoSeconds, parseBasicDate } from '../http/time.js'
import type { AuthenticationSettings, SignatureClaim } from './claim.js'
import { readCredential } from './signature.js'

const weekSeconds = 604_800

/** Reads the signature of a presigned URL and refuses one that is out of its time. */
export function presignedClaim(request: S3Request, settings: AuthenticationSettings): SignatureClaim {
  const [algorithm, credential, timestamp, expires, signedHeaders, signature] = [
    'X-Amz-Algorithm',
    'X-Amz-Credential',
    'X-Amz-Date',
    'X-Amz-Expires',
    'X-Amz-SignedHeaders',
    'X-Amz-Signature',
  ].map((name) => request.query.get(name))
  if (!algorithm || !credential || !timestamp || !expires || !signedHeaders || !signature) {
    throw queryError(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    )
  }
  if (algorithm !== 'AWS4-HMAC-SHA256') {
    throw queryError('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"')
  }
  const { accessKeyId, scope } = readCredential(credential, (reason) =>
    queryError(`Error parsing the X-Amz-Credential parameter; ${reason}`),
  )
  const signedAtMs = parseBasicDate(timestamp)
  if (signedAtMs === undefined) {
    throw queryError("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
  }
  if (timestamp.slice(0, 8) !== scope.date) {
    throw queryError(
      `Invalid credential date "${scope.date}". This date is not the same as X-Amz-Date: "${timestamp.slice(0, 8)}".`,
    )
  }
  checkTime(signedAtMs, expires, settings)
  return {
    accessKeyId,
    scope,
    timestamp,
    signedHeaders: signedHeaders.split(';'),
    signature,
    payloadHash:
      request.query.get('X-Amz-Content-Sha256') ?? request.headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD',
    sessionToken: request.query.get('X-Amz-Security-Token'),
  }
}

function checkTime(signedAtMs: number, expires: string, settings: AuthenticationSettings): void {
  if (!/^-?\d+$/.test(expires)) throw queryError('X-Amz-Expires should be a number')
  const seconds = Number(expires)
  if (seconds < 0) throw queryError('X-Amz-Expires must be non-negative')
  if (seconds > weekSeconds) {
    throw queryError(
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${weekSeconds} seconds`,
    )
  }
  const { nowMs, maxClockSkewMs } = settings
  const endsAtMs = signedAtMs + seconds * 1000
  if (signedAtMs - nowMs > maxClockSkewMs) {
    throw new S3Error('AccessDenied', {
      message: 'Request is not yet valid',
      details: [['ServerTime', isoSeconds(nowMs)]],
    })
  }
  if (nowMs <= endsAtMs) return
  throw new S3Error('AccessDenied', {
    message: 'Request has expired',
    details: [
      ['X-Amz-Expires', seconds],
      ['Expires', isoSeconds(endsAtMs)],
      ['ServerTime', isoSeconds(nowMs)],
    ],
  })
}

function queryError(message: string): S3Error {
  return new S3Error('AuthorizationQueryParametersError', { message })
}
