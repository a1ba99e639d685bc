import { type ErrorAnswer, LegalHoldError, type LegalHoldErrorCode, type Outcome, type Stage } from '../errors.js'
import { Redactor } from '../internal/redaction/redactor.js'
import { actionOf } from './s3-actions.js'
import { argumentOf, isNotImplemented, isOfMarker, markerOf, unusableHeader } from './s3-error-facts.js'
import { describeFailure, firstLine } from './s3-error-text.js'

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

type Clean = (text: string) => string

const unknownSecrets = new Redactor()
const withoutCredentials: Clean = (text) => unknownSecrets.redact(text)

/** The parts of an AWS SDK error that are read; everything else (tokens, signatures) is left behind. */
interface SdkError {
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
  /** Set where the answer proves that nothing was done. Else a mutation's outcome depends on the status. */
  readonly notApplied?: boolean
  readonly answer?: Pick<ErrorAnswer, 'action' | 'region'>
  readonly details?: Readonly<Record<string, unknown>>
}

/** Turns whatever a client threw into a `LegalHoldError`. Never throws, never copies a secret. */
export function normaliseS3Error(error: unknown, context: S3ErrorContext): LegalHoldError {
  if (LegalHoldError.isInstance(error)) return error
  const { clean = withoutCredentials } = context
  const sdk = (typeof error === 'object' && error !== null ? error : {}) as SdkError
  const headers = sdk.$response?.headers ?? {}
  const status = sdk.$metadata?.httpStatusCode ?? sdk.$response?.statusCode
  const code = codeOf(sdk, clean)
  const found = classify({ sdk, code, status, headers, context })
  const definite = found.notApplied ?? (status !== undefined && status >= 300 && status < 500)
  const outcome: Outcome = context.mutation && !definite ? 'unknown' : 'not-applied'
  const retryAfterMs = retryAfter(headers)
  const requestId = sdk.$metadata?.requestId ?? headers['x-amz-request-id']
  const message = typeof sdk.message === 'string' ? clean(sdk.message) : undefined
  const location = headers.location === undefined ? undefined : clean(headers.location)
  return new LegalHoldError(
    `${context.operation} of ${subjectOf(context)} failed: ${describeFailure({ code, status, message, location })}. ${found.remedy}`,
    {
      code: found.code,
      stage: context.stage,
      retryable: found.retryable ?? false,
      outcome,
      requestId: requestId === undefined ? undefined : clean(requestId),
      status,
      retryAfterMs,
      answer: {
        operation: context.operation,
        serverCode: code,
        ...found.answer,
        deleteMarker: markerOf(headers, clean),
        argument: argumentOf(sdk),
        // A HEAD has no body that could say why it was refused.
        clockCorrected: sdk.$metadata?.clockSkewCorrected === true && (status === 400 || status === 403),
      },
      details: {
        operation: context.operation,
        ...(code === undefined ? {} : { s3Code: code }),
        ...found.answer,
        ...found.details,
      },
      cause: causeOf(sdk, code, clean),
    },
  )
}

/** `s3://bucket/key (version v)`, as messages name an object. */
export function subjectOf(ref: {
  readonly bucket: string
  readonly key?: string | undefined
  readonly versionId?: string | undefined
}): string {
  const key = ref.key === undefined ? '' : `/${ref.key}`
  return `s3://${ref.bucket}${key}${ref.versionId === undefined ? '' : ` (version ${ref.versionId})`}`
}

/** The same failure after the change itself had been made: repeating that would be wrong, what follows it is not. */
export function afterChange(error: unknown, done: string, details: Readonly<Record<string, unknown>>): unknown {
  if (!LegalHoldError.isInstance(error)) return error
  return new LegalHoldError(`${done}, but then: ${error.message}`, {
    code: error.code,
    stage: error.stage,
    retryable: error.retryable,
    outcome: 'applied',
    requestId: error.requestId,
    status: error.status,
    retryAfterMs: error.retryAfterMs,
    reason: error.reason,
    answer: error.answer,
    details: { ...error.details, ...details },
    cause: error,
  })
}

/** The S3 error code behind a `LegalHoldError`, e.g. `NoSuchObjectLockConfiguration`. */
export function s3CodeOf(error: unknown): string | undefined {
  if (!LegalHoldError.isInstance(error)) return undefined
  return error.answer?.serverCode
}

/** What the server said, without what this library added: keys stand in messages, and may hold any word. */
export function saidBy(error: unknown): string {
  if (!LegalHoldError.isInstance(error)) return ''
  return error.cause instanceof Error ? error.cause.message : ''
}

/** The AWS SDK names an error without a readable body `Unknown`, `UnknownError` or by its status. */
function codeOf(sdk: SdkError, clean: Clean): string | undefined {
  const name = typeof sdk.name === 'string' ? clean(sdk.name) : undefined
  return name === undefined || /^(Error|Unknown|UnknownError|\d{3}|SyntaxError|TypeError)$/.test(name)
    ? undefined
    : name
}

interface Facts {
  readonly sdk: SdkError
  readonly code: string | undefined
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly context: S3ErrorContext
}

const beforeSending =
  /^(ECONNREFUSED|ERR_PROXY_TUNNEL|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ERR_TLS|CERT_|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED)/
const connectionLost = /^(ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE|ERR_SOCKET|UND_ERR)/

function classify(facts: Facts): Classified {
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
  if (beforeSending.test(network)) {
    return {
      code: 'NETWORK_ERROR',
      retryable: !/^(ERR_TLS|CERT_|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED)/.test(network),
      notApplied: true,
      remedy: 'The server could not be reached. Check the endpoint, the name service and the network path.',
    }
  }
  if (connectionLost.test(network)) {
    return {
      code: 'NETWORK_ERROR',
      retryable: true,
      remedy: 'The connection was lost before the answer was complete.',
    }
  }
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
      return { code: 'BUCKET_NOT_FOUND', remedy: `There is no bucket "${context.bucket}". Check its name and account.` }
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
  const minutes = Math.round(Math.abs(offMs) / 60_000)
  const difference = `${minutes} min ${offMs < 0 ? 'behind' : 'ahead of'} that of S3`
  return {
    code: 'CLOCK_SKEW',
    remedy: `The clock of this machine is ${difference} (S3 says ${serverTime}). ${remedy}`,
    details: { serverTime, localTime: new Date(now).toISOString(), offMs },
  }
}

/** Whether the client signs with the time of S3 from now on, so that the request may be sent again. */
export function isCorrectedSkew(error: unknown): boolean {
  return LegalHoldError.isInstance(error) && error.answer?.clockCorrected === true
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
      isHead ? ' Without s3:ListBucket S3 answers so for a key that does not exist, too.' : ''
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
      ? { code: 'BUCKET_NOT_FOUND', remedy: `There is no bucket "${context.bucket}". Check its name and account.` }
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

/** The real region where the answer says that the bucket lies elsewhere; `''` where it does not say which. */
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

function retryAfter(headers: Readonly<Record<string, string>>): number | undefined {
  const value = headers['retry-after']
  if (value === undefined) return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds) && seconds >= 0) return Math.round(seconds * 1000)
  const until = Date.parse(value) - (Date.parse(headers.date ?? '') || Date.now())
  return Number.isFinite(until) && until > 0 ? until : undefined
}

/** Only name, code and message: the body of an `ExpiredToken` repeats the session token. */
function causeOf(sdk: SdkError, code: string | undefined, clean: Clean): Error {
  const cause = new Error(typeof sdk.message === 'string' ? firstLine(clean(sdk.message)) : 'no message')
  cause.name = code ?? (typeof sdk.name === 'string' ? clean(sdk.name) : 'Error')
  delete cause.stack
  if (typeof sdk.code === 'string') Object.assign(cause, { code: sdk.code })
  return cause
}
