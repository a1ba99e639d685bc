import { plainCause } from '../../../internal/aws/plain-cause.js'
import { endingIn } from '../../../internal/waits/own-advice.js'
import { LegalHoldError, type Outcome } from '../../../model/errors.js'
import { argumentOf, markerOf } from './error-facts.js'
import { describeFailure } from './error-text.js'
import { type Clean, classify, type S3ErrorContext, type SdkError, withoutCredentials } from './failure.js'
import { subjectOf } from './subject.js'

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
  const failure = new LegalHoldError(
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
  return endingIn(found.remedy, failure)
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

/** What the server said, without what this library added: keys are in messages, and may hold any word. */
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

/** Whether the client signs with the time of S3 from now on, so that the request may be sent again. */
export function isCorrectedSkew(error: unknown): boolean {
  return LegalHoldError.isInstance(error) && error.answer?.clockCorrected === true
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
  const name = code ?? (typeof sdk.name === 'string' ? clean(sdk.name) : 'Error')
  return plainCause(name, typeof sdk.message === 'string' ? clean(sdk.message) : undefined, sdk.code)
}
