import { LegalHoldError } from '../../model/errors.js'
import type { ExportJob, JobState } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import { type Answer, dateOf, numberOf, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'

const states: readonly string[] = ['PENDING', 'READY', 'PROCESSING', 'FULFILLED', 'FAILED', 'CANCELLED']

/** A job as the platform describes it; `undefined` if it has no id. A state that is not known is `UNKNOWN`. */
export function recordingJobFrom(
  client: Pick<GenesysClient, 'redact'>,
  body: Answer,
  correlationId: string | undefined,
  request: ExportRequest | undefined,
): ExportJob | undefined {
  const id = textOf(body, 'id')
  if (id === undefined) return undefined
  const platformState = textOf(body, 'state') ?? ''
  return {
    id,
    state: states.includes(platformState) ? (platformState as JobState) : 'UNKNOWN',
    platformState,
    percentProgress: numberOf(body, 'percentProgress'),
    totals: {
      conversations: numberOf(body, 'totalConversations'),
      recordings: numberOf(body, 'totalRecordings'),
      processed: numberOf(body, 'totalProcessedRecordings'),
      failed: numberOf(body, 'totalFailedRecordings'),
      skipped: numberOf(body, 'totalSkippedRecordings'),
    },
    errorMessage: client.redact(textOf(body, 'errorMessage')),
    createdAt: dateOf(body, 'dateCreated'),
    request,
    correlationId,
  }
}

/** Throws for a job whose answer does not say which it is. After a create, that is an unknown outcome. */
export function jobWithoutId(operation: string, correlationId: string | undefined): never {
  const created = operation.startsWith('create')
  throw new LegalHoldError(
    `Could not ${operation}: the answer has no id.${created ? ' Whether it took effect is not known: look for it before doing it again.' : ''}`,
    {
      code: created ? 'JOB_OUTCOME_UNKNOWN' : 'PLATFORM_RESPONSE_INVALID',
      stage: 'export',
      outcome: created ? 'unknown' : 'not-applied',
      requestId: correlationId,
    },
  )
}

/** `JOB_NOT_FOUND` in place of the platform's 404; any other error as it is. */
export function jobNotFound(error: unknown, id: string): unknown {
  if (!LegalHoldError.isInstance(error) || error.code !== 'PLATFORM_NOT_FOUND') return error
  return new LegalHoldError(
    `The platform knows no job ${id}. It belongs to another organisation or was removed; check id and region.`,
    { code: 'JOB_NOT_FOUND', stage: 'export', status: error.status, requestId: error.requestId },
  )
}
