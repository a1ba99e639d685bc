import { LegalHoldError, type Stage } from '../../../model/errors.js'
import type { ObjectRef } from '../../../model/object.js'
import { s3CodeOf, saidBy } from '../protocol/errors.js'
import { subjectOf } from '../protocol/subject.js'

/** "The object was stored using a form of Server Side Encryption. The correct parameters must be provided…" */
export function isCustomerKeyRefusal(error: LegalHoldError | undefined): error is LegalHoldError {
  return (
    error !== undefined &&
    s3CodeOf(error) === 'InvalidRequest' &&
    /Server Side Encryption|SSE|encrypt/i.test(saidBy(error))
  )
}

/** That an object is encrypted with a key that was not given. */
export function needsCustomerKey(ref: ObjectRef, stage: Stage, cause: LegalHoldError): LegalHoldError {
  return new LegalHoldError(
    `${subjectOf(ref)} is encrypted with a customer's own key (SSE-C) and cannot be read without it. Give \`sseCustomerKey\`.`,
    {
      code: 'STORAGE_REJECTED',
      stage,
      status: cause.status,
      requestId: cause.requestId,
      cause,
      reason: 'sse-c',
      details: { reason: 'sse-c' },
    },
  )
}
