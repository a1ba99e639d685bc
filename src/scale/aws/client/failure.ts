import { plainCause } from '../../../internal/aws/plain-cause.js'
import { endingIn } from '../../../internal/waits/own-advice.js'
import { LegalHoldError, type LegalHoldErrorCode } from '../../../model/errors.js'
import { describeFailure } from '../../../storage/s3/protocol/error-text.js'
import { lostConnection, networkFailure } from '../../../storage/s3/protocol/network-failure.js'

/** What a request to a service was for. */
export interface ServiceRequest {
  /** Of the service, for people: `S3 Batch Operations`. */
  readonly service: string
  /** As the service names it: `CreateJob`. */
  readonly operation: string
  /** Whether it changes something, so that a lost answer leaves its outcome unknown. */
  readonly mutates: boolean
  /** Takes secrets out of a text of the server. */
  readonly clean: (text: string) => string
}

/** The parts of an AWS SDK error that are read; everything else (tokens, signatures) is left behind. */
interface SdkError {
  readonly name?: unknown
  readonly message?: unknown
  readonly code?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string }
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> }
}

interface Found {
  readonly code: LegalHoldErrorCode
  readonly remedy: string
  readonly retryable?: boolean
  /** Set if it is known that nothing was done. */
  readonly notApplied?: boolean
}

/** Turns whatever a client threw into a `LegalHoldError`. Never copies a secret. */
export function normaliseServiceError(error: unknown, request: ServiceRequest): LegalHoldError {
  if (LegalHoldError.isInstance(error)) return error
  const { clean } = request
  const sdk = (typeof error === 'object' && error !== null ? error : {}) as SdkError
  const status = sdk.$metadata?.httpStatusCode ?? sdk.$response?.statusCode
  const message = typeof sdk.message === 'string' ? clean(sdk.message) : undefined
  const serverCode = typeof sdk.name === 'string' && sdk.name !== 'Error' ? clean(sdk.name) : undefined
  const found = classify({ status, serverCode, message: message ?? '', network: sdk.code }, request)
  const isDefinite = found.notApplied ?? (status !== undefined && status >= 400 && status < 500)
  const requestId = sdk.$metadata?.requestId
  const seconds = Number(sdk.$response?.headers?.['retry-after'])
  const failure = new LegalHoldError(
    `${request.operation} of ${request.service} failed: ${describeFailure({ code: serverCode, status, message, location: undefined })}. ${found.remedy}`,
    {
      code: found.code,
      stage: 'scale',
      retryable: found.retryable ?? false,
      outcome: request.mutates && !isDefinite ? 'unknown' : 'not-applied',
      requestId: requestId === undefined ? undefined : clean(requestId),
      status,
      retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? Math.round(seconds * 1000) : undefined,
      answer: { operation: request.operation, serverCode },
      cause: plainCause(serverCode ?? 'Error', message, sdk.code),
    },
  )
  return endingIn(found.remedy, failure)
}

interface Facts {
  readonly status: number | undefined
  readonly serverCode: string | undefined
  readonly message: string
  readonly network: unknown
}

const throttles = /throttl|TooManyRequests|SlowDown|RequestLimitExceeded|LimitExceeded$|ServiceUnavailable/i
/** Of S3 Batch Operations and of Step Functions. */
const unknownJobs = /^(NoSuchJob(Exception)?|NotFoundException|ExecutionDoesNotExist|ResourceNotFound)$/

function classify({ status, serverCode = '', message, network }: Facts, { service }: ServiceRequest): Found {
  if (serverCode === 'TimeoutError' || network === 'ETIMEDOUT') return timedOut
  if (status === undefined || status < 300) {
    if (serverCode === 'CredentialsProviderError' || /Resolved credential object is not valid/.test(message)) {
      return missingCredentials
    }
    if (/^Region is missing/.test(message)) {
      return { code: 'INVALID_OPTIONS', notApplied: true, remedy: 'Set `region`.' }
    }
    const failure = typeof network === 'string' ? networkFailure(network) : undefined
    if (failure !== undefined) return failure
    if (/socket hang up/.test(message)) return lostConnection
    return status === undefined ? { code: 'INTERNAL', remedy: 'The client failed without an answer.' } : invalidAnswer
  }
  if (unknownJobs.test(serverCode)) {
    return { code: 'ENGINE_JOB_NOT_FOUND', remedy: 'Check the id, the account and the region.' }
  }
  if (status === 429 || throttles.test(serverCode)) {
    return { code: 'ENGINE_UNAVAILABLE', retryable: true, notApplied: true, remedy: 'Wait, then repeat.' }
  }
  if (status >= 500) {
    return {
      code: 'ENGINE_UNAVAILABLE',
      retryable: true,
      notApplied: false,
      remedy: `${service} failed. Repeat later.`,
    }
  }
  if (status === 404) return { code: 'ENGINE_JOB_NOT_FOUND', remedy: 'Check the id, the account and the region.' }
  const isForbidden = status === 403 || /AccessDenied/.test(serverCode)
  return {
    code: 'ENGINE_REJECTED',
    remedy: isForbidden
      ? 'The caller is not allowed to do this: see `scalePolicies` for the roles.'
      : 'Correct what it names; repeating it will not help.',
  }
}

const missingCredentials: Found = {
  code: 'MISSING_CREDENTIALS',
  notApplied: true,
  remedy:
    'No AWS credentials were found. Give `credentials`, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run under a role.',
}

const timedOut: Found = {
  code: 'TIMEOUT',
  retryable: true,
  remedy: 'No answer came in time. Raise `attemptTimeoutMs` if the network is slow.',
}

const invalidAnswer: Found = {
  code: 'ENGINE_UNAVAILABLE',
  retryable: true,
  notApplied: false,
  remedy: 'The answer is not what the service sends. Look for a proxy between here and the endpoint.',
}
