import type { Decision, RecordedState, RecordedVerdict, Verification } from '../../journal/record-data.js'
import type { ObjectState } from '../../model/object.js'
import type { ExportJob } from '../../model/platform.js'
import type { ObjectPlace, Remediation, Verdict } from '../../model/verdict.js'
import type { Processed } from './processed.js'

/**
 * What the journal keeps of an object's state: everything that was read, without what is empty. Field by field, since
 * a rest pattern costs as much as writing the record.
 */
export function recordedState(state: ObjectState | undefined): RecordedState | undefined {
  if (state === undefined) return undefined
  return {
    versionId: state.versionId,
    sizeBytes: state.sizeBytes,
    etag: state.etag,
    lastModified: state.lastModified,
    metadata: state.metadata,
    missingMetadata: state.missingMetadata,
    headers: unlessEmpty(state.headers),
    storageClass: state.storageClass,
    archiveStatus: state.archiveStatus,
    restore: state.restore,
    encryption: unlessEmpty(state.encryption),
    checksum: state.checksum,
    checksums: state.checksums,
    replicationStatus: state.replicationStatus,
    tagCount: state.tagCount,
    tags: state.tags,
    legalHold: state.legalHold,
    retention: state.retention,
    acl: state.acl,
    partsCount: state.partsCount,
  } satisfies Record<keyof RecordedState, unknown>
}

/**
 * The record of one object, complete in itself: what it was, what was decided and done, what it is now and how that
 * was checked. ISO/IEC 27037 asks for just that: who acted on what, when, how, and with what result. Pure.
 */
export function objectRecord(
  processed: Processed,
  place: ObjectPlace,
  job: ExportJob | undefined,
): Omit<RecordedVerdict, 'hold'> {
  const { verdict, remediation, outcome, reason, digest, digestBefore } = processed
  const after = remediation?.after
  const answered = after ?? verdict.state ?? verdict
  return {
    object: verdict.object,
    place,
    verdict: verdict.verdict,
    ...(verdict.provenBy === undefined ? {} : { provenBy: verdict.provenBy, asOf: verdict.asOf }),
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
    digestBefore,
    before: verdict.provenBy === undefined ? recordedState(remediation?.before ?? verdict.state) : shownState(verdict),
    after: recordedState(after),
  }
}

/** An inventory without a column for metadata does not say that there is none. */
function shownState({ state }: Verdict): RecordedState | undefined {
  return state === undefined ? undefined : { ...recordedState(state), metadata: unlessEmpty(state.metadata) }
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

function unlessEmpty<T extends object>(part: T): T | undefined {
  for (const name in part) if (part[name] !== undefined) return part
  return undefined
}
