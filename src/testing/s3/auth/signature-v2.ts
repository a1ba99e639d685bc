import { createHmac } from 'node:crypto'
import { S3Error } from '../http/errors.js'
import type { S3Request } from '../http/request.js'
import { isoSeconds } from '../http/time.js'
import type { Authenticated } from './claim.js'
import { identityOf, type S3SimulatorCredentials } from './identity.js'
import { sameSignature } from './signature.js'

/** The regions that are old enough to know signatures of version 2. */
const regions: ReadonlySet<string> = new Set([
  'ap-northeast-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'eu-west-1',
  'sa-east-1',
  'us-east-1',
  'us-west-1',
  'us-west-2',
])

// Parameters that are part of the resource that is signed ("Signing and authenticating REST requests").
const signedParameters: ReadonlySet<string> = new Set([
  'acl',
  'cors',
  'delete',
  'lifecycle',
  'location',
  'logging',
  'notification',
  'partNumber',
  'policy',
  'requestPayment',
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
  'restore',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versionId',
  'versioning',
  'versions',
  'website',
])

/** Whether a URL is presigned with version 2: boto3 does so by default in the older regions. */
export function isPresignedV2(request: S3Request): boolean {
  return request.query.has('Signature') && request.query.has('AWSAccessKeyId')
}

/** What the check needs to know. */
export interface V2Settings {
  readonly credentials: ReadonlyMap<string, S3SimulatorCredentials>
  readonly verifySignatures: boolean
  readonly nowMs: number
  readonly region: string
}

/** Checks a URL that is presigned with version 2. */
export function authenticatePresignedV2(request: S3Request, settings: V2Settings): Authenticated {
  if (!regions.has(settings.region)) {
    throw new S3Error('InvalidRequest', {
      message: 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    })
  }
  const { query } = request
  const accessKeyId = query.get('AWSAccessKeyId') ?? ''
  const expires = query.get('Expires')
  const credentials = settings.credentials.get(accessKeyId)
  const token = query.get('x-amz-security-token')
  if (credentials === undefined || (credentials.sessionToken !== undefined && token === undefined)) {
    throw new S3Error('InvalidAccessKeyId', { details: [['AWSAccessKeyId', accessKeyId]] })
  }
  if (token !== undefined && token !== credentials.sessionToken) throw new S3Error('InvalidToken')
  checkExpiry(expires, settings.nowMs)
  const text = stringToSign(request, expires ?? '')
  const signature = createHmac('sha1', credentials.secretAccessKey).update(text).digest('base64')
  const provided = query.get('Signature') ?? ''
  if (settings.verifySignatures && !sameSignature(signature, provided)) {
    throw new S3Error('SignatureDoesNotMatch', {
      details: [
        ['AWSAccessKeyId', accessKeyId],
        ['StringToSign', text],
        ['SignatureProvided', provided],
      ],
    })
  }
  return { identity: identityOf(credentials), payload: { kind: 'unsigned' }, region: settings.region }
}

function checkExpiry(expires: string | undefined, nowMs: number): void {
  if (expires === undefined || !/^\d+$/.test(expires)) {
    throw new S3Error('AccessDenied', {
      message: 'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
    })
  }
  if (Number(expires) * 1000 >= nowMs) return
  throw new S3Error('AccessDenied', {
    message: 'Request has expired',
    details: [
      ['Expires', isoSeconds(Number(expires) * 1000)],
      ['ServerTime', isoSeconds(nowMs)],
    ],
  })
}

function stringToSign(request: S3Request, expires: string): string {
  const { headers, query } = request
  const amzHeaders = [...headers]
    .filter(([name]) => name.startsWith('x-amz-'))
    .map(([name, value]) => `${name}:${value}\n`)
  const token = query.get('x-amz-security-token')
  if (token !== undefined) amzHeaders.push(`x-amz-security-token:${token}\n`)
  return [
    request.method,
    headers.get('content-md5') ?? '',
    headers.get('content-type') ?? '',
    expires,
    amzHeaders.sort().join('') + resource(request),
  ].join('\n')
}

function resource(request: S3Request): string {
  const path = request.hosted ? `/${request.bucket}${request.rawPath}` : request.rawPath
  const parameters = request.query.pairs
    .filter(([name]) => signedParameters.has(name))
    .map(([name, value]) => (value === undefined ? name : `${name}=${value}`))
    .sort()
  return parameters.length === 0 ? path : `${path}?${parameters.join('&')}`
}
