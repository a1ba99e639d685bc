import type { ExportJob, ObjectState } from '../ports.js'
import type { ObjectPlace, Remediation } from '../verdict.js'
import type { ContentDigest } from './content-digest.js'
import type { Processed } from './process.js'

/** What was decided about an object once its verdict was known. */
export type Decision = 'leave' | 'repair' | 'plan' | 'refuse' | 'none'

/** How a repair stood up to being read back. */
export type Verification = 'passed' | 'failed' | 'not-needed' | 'not-done'

/** What the journal keeps of an object's state: everything that was read, without what is empty. */
export function recordedState(state: ObjectState | undefined): object | undefined {
  if (state === undefined) return undefined
  const { bucket: _bucket, key: _key, requestId: _requestId, status: _status, headers, encryption, ...rest } = state
  return { ...rest, headers: unlessEmpty(headers), encryption: unlessEmpty(encryption) }
}

/**
 * The record of one object, complete in itself: what it was, what was decided and done, what it is now and how that
 * was checked. ISO/IEC 27037 asks for just that: who acted on what, when, how, and with what result. Pure.
 */
export function objectRecord(
  processed: Processed,
  place: ObjectPlace,
  job: ExportJob | undefined,
  digest: ContentDigest | undefined,
): object {
  const { verdict, remediation, outcome, reason } = processed
  const after = remediation?.after
  const answered = after ?? verdict.state ?? verdict
  return {
    object: verdict.object,
    place,
    verdict: verdict.verdict,
    outcome,
    ...(reason === '' ? {} : { reason }),
    decision: decisionOf(processed),
    remediation: remediation?.outcome,
    actions: remediation?.steps.map(({ action }) => action) ?? [],
    estimate: remediation?.estimate,
    verification: verificationOf(remediation),
    differences: remediation?.differences,
    attempt: remediation?.attempts || (verdict.attempts ?? 1),
    request: { requestId: answered.requestId, httpStatus: answered.status },
    job: { id: job?.id, correlationId: job?.correlationId },
    digest,
    before: recordedState(remediation?.before ?? verdict.state),
    after: recordedState(after),
  }
}

function decisionOf({ verdict, remediation }: Processed): Decision {
  if (remediation === undefined) return verdict.verdict === 'held' ? 'leave' : 'none'
  const decisions = {
    'not-needed': 'leave',
    planned: 'plan',
    repaired: 'repair',
    failed: 'repair',
    refused: 'refuse',
  } as const
  return decisions[remediation.outcome]
}

function verificationOf(remediation: Remediation | undefined): Verification {
  if (remediation === undefined || remediation.outcome === 'not-needed') return 'not-needed'
  if (remediation.outcome === 'repaired') return 'passed'
  return remediation.outcome === 'failed' ? 'failed' : 'not-done'
}

function unlessEmpty(part: object): object | undefined {
  return Object.values(part).some((value) => value !== undefined) ? part : undefined
}
