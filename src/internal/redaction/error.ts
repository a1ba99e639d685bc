import { LegalHoldError } from '../../model/errors.js'
import type { Redactor } from './redactor.js'

/** The same error without a secret in anything that can be read of it. */
export function withoutSecrets(error: LegalHoldError, redactor: Redactor): LegalHoldError {
  const { code, stage, retryable, outcome, status, retryAfterMs, requestId } = error
  return new LegalHoldError(redactor.redact(error.message), {
    code,
    stage,
    retryable,
    outcome,
    status,
    retryAfterMs,
    requestId: requestId === undefined ? undefined : redactor.redact(requestId),
    details: redactor.redactTexts(error.details),
    findings: redactor.redactTexts(error.findings),
    cause: LegalHoldError.isInstance(error.cause) ? withoutSecrets(error.cause, redactor) : error.cause,
  })
}
