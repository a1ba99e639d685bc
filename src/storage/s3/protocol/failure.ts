import { minuteMs } from '../../../internal/durations.js'
import { Redactor } from '../../../internal/redaction/redactor.js'
import type { ErrorAnswer, LegalHoldErrorCode, Stage } from '../../../model/errors.js'
import { isNotImplemented, isOfMarker, unusableHeader } from './error-facts.js'
import { networkFailure } from './network-failure.js'
import { actionOf } from './operation-table.js'

/** What a request was for; decides the wording and the outcome of its failure. */
export interface S3ErrorContext {
  readonly operation: string
  readonly stage: Stage
  readonly bucket: string
  readonly key?: string | undefined
  readonly versionId?: string | undefined
  /** Whether the request changes something, so that a lost answer leaves its outcome unknown. */
  readonly mutation: boolean
  /** Region the client was told, where known. */
  readonly region?: string | undefined
  /** Whether the credentials have served before: a provider that fails then may well succeed again. */
  readonly credentialsWorked?: boolean | undefined
  /** Takes secrets out of a text of the server. @defaultValue what looks like a credential, whosever it is */
  readonly clean?: Clean | undefined
}

export type Clean = (text: string) => string

/** The parts of an AWS SDK error that are read; everything else (tokens, signatures) is left behind. */
export interface SdkError {
  readonly name?: unknown
  readonly message?: unknown
  readonly code?: unknown
  readonly Region?: unknown
  readonly Endpoint?: unknown
  readonly ArgumentName?: unknown
  readonly Header?: unknown
  readonly ResourceType?: unknown
  readonly $metadata?:
    | { readonly httpStatusCode?: number; readonly requestId?: string; readonly clockSkewCorrected?: boolean }
    | undefined
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> } | undefined
}

interface Classified {
  readonly code: LegalHoldErrorCode
  readonly retryable?: boolean
  /** What to do about it, a full sentence. */
  readonly remedy: string
  /** Set if the answer proves that nothing was done. Else a mutation's outcome depends on the status. */
  readonly notApplied?: boolean
  readonly answer?: Pick<ErrorAnswer, 'action' | 'region'>
  readonly details?: Readonly<Record<string, unknown>>
}

interface Facts {
  readonly sdk: SdkError
  readonly code: string | undefined
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly context: S3ErrorContext
}

export function classify(facts: Facts): Classified {
  const { sdk, code, status, context } = facts
  const message = typeof sdk.message === 'string' ? sdk.message : ''
  if (status === undefined || status < 300) return classifyWithoutAnswer(facts, message)
  if (message === 'S3 aborted request') return invalidResponse // The SDK's own words for a 200 without a body.
  const wrongRegion = otherRegion(facts)
  if (wrongRegion !== undefined) {
    return {
      code: 'BUCKET_WRONG_REGION',
      remedy:
        wrongRegion === ''
          ? 'The bucket lies in another region than the client was set to. Set `region` to the region of the bucket.'
          : `The bucket lies in ${wrongRegion}. Set \`region\` to "${wrongRegion}".`,
      answer: wrongRegion === '' ? {} : { region: wrongRegion },
    }
  }
  const byCode = code === undefined ? undefined : classifyCode(code, facts)
  return byCode ?? classifyStatus(status, facts, context)
}

function classifyWithoutAnswer({ sdk, code, status, context }: Facts, message: string): Classified {
  const network = typeof sdk.code === 'string' ? sdk.code : ''
  if (code === 'CredentialsProviderError' || /Resolved credential object is not valid/.test(message)) {
    return {
      code: 'MISSING_CREDENTIALS',
      retryable: context.credentialsWorked === true,
      notApplied: true,
      remedy:
        'No AWS credentials were found. Give `credentials`, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run under a role.',
    }
  }
  // Node names the header, never its value.
  if (network === 'ERR_INVALID_CHAR' && /\["(authorization|x-amz-security-token)"\]/.test(message)) {
    return { code: 'MISSING_CREDENTIALS', notApplied: true, remedy: unusableHeader(message) }
  }
  if (/^Region is missing/.test(message)) {
    return { code: 'INVALID_OPTIONS', notApplied: true, remedy: 'Set `region` to the AWS region of the bucket.' }
  }
  const failure = networkFailure(network)
  if (failure !== undefined) return failure
  if (code === 'TimeoutError' || network === 'ETIMEDOUT' || code === 'RequestTimeout') return timedOut
  if (status !== undefined) return invalidResponse
  return { code: 'INTERNAL', remedy: 'The S3 client failed without an answer from the server.' }
}

const timedOut: Classified = {
  code: 'TIMEOUT',
  retryable: true,
  remedy: 'No answer came in time. Raise `attemptTimeoutMs` if the network is slow.',
}

const invalidResponse: Classified = {
  code: 'STORAGE_RESPONSE_INVALID',
  retryable: true,
  notApplied: false,
  remedy: 'The answer is not what S3 sends (empty, HTML or cut off). Look for a proxy between here and the endpoint.',
}

function classifyCode(code: string, facts: Facts): Classified | undefined {
  const { context, headers } = facts
  switch (code) {
    case 'NoSuchBucket':
      return {
        code: 'BUCKET_NOT_FOUND',
        remedy: `The bucket "${context.bucket}" does not exist. Check its name and account.`,
      }
    case 'NoSuchKey':
    case 'NoSuchVersion':
      return { code: 'OBJECT_NOT_FOUND', remedy: 'The object or version is not there (any more).' }
    case 'ExpiredToken':
    case 'ExpiredTokenException':
    case 'TokenRefreshRequired':
      return {
        code: 'STORAGE_UNAUTHORIZED',
        remedy: 'The session token has expired. Get new credentials; a provider function renews them by itself.',
      }
    case 'InvalidAccessKeyId':
    case 'InvalidToken':
    case 'SignatureDoesNotMatch':
    case 'InvalidSecurity':
      return {
        code: 'STORAGE_UNAUTHORIZED',
        remedy: 'S3 does not accept the credentials. Check key, secret and token.',
      }
    case 'RequestTimeTooSkewed':
    case 'RequestExpired':
      return skewed(headers.date === undefined ? undefined : (context.clean ?? withoutCredentials)(headers.date))
    case 'RequestTimeout':
      return { ...timedOut, notApplied: false }
    case 'SlowDown':
    case 'Throttling':
    case 'ThrottlingException':
    case 'RequestLimitExceeded':
    case 'TooManyRequests':
      return throttled
    case 'InternalError':
      return unavailable
    case 'AccessDenied':
    case 'AccessDeniedException':
    case 'AllAccessDisabled':
    case 'AccountProblem':
      return forbidden(context)
    case 'PreconditionFailed':
    case 'ConditionalRequestConflict':
    case 'OperationAborted':
      return {
        code: 'OBJECT_CHANGED',
        retryable: true,
        remedy: 'Somebody else changed the object since it was read. Read it again and decide again.',
      }
    case 'InvalidObjectState':
    case 'ObjectNotInActiveTierError':
      return {
        code: 'OBJECT_ARCHIVED',
        remedy: 'The object lies in an archive tier. Restore it first (RestoreObject), then repeat.',
      }
    default:
      return isNotImplemented(code) && !isOfMarker(facts.sdk, facts.headers) ? unsupported : undefined
  }
}

const unsupported: Classified = {
  code: 'STORAGE_UNSUPPORTED',
  notApplied: true,
  remedy: 'This S3 server does not implement the operation, or a part of it. Use requirements that do without it.',
}

/** S3 refuses requests whose time is more than 15 minutes off its own. */
function skewed(serverTime: string | undefined): Classified {
  const now = Date.now()
  const offMs = now - Date.parse(serverTime ?? '')
  const remedy = 'Set the clock of this machine by NTP.'
  if (Number.isNaN(offMs)) {
    return {
      code: 'CLOCK_SKEW',
      remedy: `This machine and S3 differ by more than 15 minutes. ${remedy}`,
    }
  }
  const minutes = Math.round(Math.abs(offMs) / minuteMs)
  const difference = `${minutes} min ${offMs < 0 ? 'behind' : 'ahead of'} that of S3`
  return {
    code: 'CLOCK_SKEW',
    remedy: `The clock of this machine is ${difference} (S3 says ${serverTime}). ${remedy}`,
    details: { serverTime, localTime: new Date(now).toISOString(), offMs },
  }
}

const throttled: Classified = {
  code: 'STORAGE_THROTTLED',
  retryable: true,
  notApplied: false,
  remedy:
    'S3 asks to slow down while the prefix is being partitioned. Wait, then repeat with fewer requests at a time.',
}

const unavailable: Classified = {
  code: 'STORAGE_UNAVAILABLE',
  retryable: true,
  notApplied: false,
  remedy: 'S3 or a gateway before it failed. Repeat later.',
}

function forbidden(context: S3ErrorContext): Classified {
  const action = actionOf(context.operation, context.versionId !== undefined)
  const isHead = context.operation === 'HeadObject' || context.operation === 'GetObject'
  return {
    code: 'STORAGE_FORBIDDEN',
    remedy: `The caller is not allowed to do this${action === undefined ? '' : ` (needs ${action})`}.${
      isHead ? ' Without s3:ListBucket S3 also answers so for a key that does not exist.' : ''
    } See \`requiredIamPolicy\` for a minimal policy.`,
    answer: action === undefined ? {} : { action },
  }
}

function classifyStatus(status: number, facts: Facts, context: S3ErrorContext): Classified {
  if (status === 401) return { code: 'STORAGE_UNAUTHORIZED', remedy: 'S3 does not accept the credentials.' }
  if (status === 403) return forbidden(context)
  if (status === 405 && isOfMarker(facts.sdk, facts.headers)) {
    return { code: 'OBJECT_NOT_FOUND', remedy: 'The version is a delete marker.' }
  }
  if (status === 404) {
    return context.key === undefined
      ? {
          code: 'BUCKET_NOT_FOUND',
          remedy: `The bucket "${context.bucket}" does not exist. Check its name and account.`,
        }
      : { code: 'OBJECT_NOT_FOUND', remedy: 'The object or version is not there (any more).' }
  }
  if (status === 412 || status === 409) {
    return { code: 'OBJECT_CHANGED', retryable: true, remedy: 'Somebody else changed the object since it was read.' }
  }
  if (status === 408) return { ...timedOut, notApplied: false }
  if (status === 429 || status === 503) return throttled
  // That a method is not allowed on a resource is how servers say that they do not know the resource.
  if (status === 501 || status === 405) return unsupported
  if (status >= 500) return unavailable
  return { code: 'STORAGE_REJECTED', remedy: 'S3 refused the request; repeating it will not help.' }
}

/** The real region where the answer says that the bucket lies elsewhere; `''` if it does not say which. */
function otherRegion({ sdk, code, status, headers, context }: Facts): string | undefined {
  const said = headers['x-amz-bucket-region'] ?? (typeof sdk.Region === 'string' ? sdk.Region : undefined)
  const named = said === undefined ? undefined : (context.clean ?? withoutCredentials)(said)
  const redirected =
    status === 301 ||
    status === 307 ||
    code === 'AuthorizationHeaderMalformed' ||
    code === 'PermanentRedirect' ||
    code === 'IllegalLocationConstraintException'
  if (redirected) return named ?? regionOfEndpoint(sdk.Endpoint) ?? ''
  const differs = status === 400 && code === undefined && named !== undefined && named !== context.region
  return differs && context.region !== undefined ? named : undefined
}

function regionOfEndpoint(endpoint: unknown): string | undefined {
  return typeof endpoint === 'string' ? /s3[.-]([a-z]{2}-[a-z-]+-\d)\./.exec(endpoint)?.[1] : undefined
}

const unknownSecrets = new Redactor()

export const withoutCredentials: Clean = (text) => unknownSecrets.redact(text)
