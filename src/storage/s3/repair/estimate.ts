import type { ObjectState } from '../../../model/object.js'
import type { RemediationStep } from '../../../model/verdict.js'
import type { S3Limits } from '../client/settings.js'
import { partRanges } from './multipart.js'
import { significantGrants } from './properties.js'

/**
 * The requests of one repair that needs no second attempt, by operation: the reading before its first step and after its
 * last one included. What is asked once for a bucket (Object Lock, ownership) is left out, and so is a look at versions
 * beneath that turn out to be held.
 */
export function requestsOf(
  before: ObjectState,
  steps: readonly RemediationStep[],
  limits: S3Limits,
  hasObjectLock: boolean,
): Readonly<Record<string, number>> {
  const requests: Record<string, number> = {}
  const add = (operations: Readonly<Record<string, number>>) => {
    for (const [operation, count] of Object.entries(operations)) {
      if (count > 0) requests[operation] = (requests[operation] ?? 0) + count
    }
  }
  const beneath = steps.filter(({ action }) => action === 'hold-noncurrent').length
  const current = steps.length - beneath
  const hasTags = typeof before.tags === 'object' && Object.keys(before.tags).length > 0
  if (current > 0) {
    const takes = (wanted: RemediationStep['action']) => steps.some(({ action }) => action === wanted)
    const held = before.legalHold === 'ON'
    const retained = typeof before.retention === 'object'
    add(reading(before, hasObjectLock, { held, retained }))
    add(
      reading(before, hasObjectLock, {
        held: held || takes('put-legal-hold'),
        retained: retained || takes('put-retention'),
      }),
    )
  }
  const shown: Shown = {
    tagged: hasTags,
    held: before.legalHold === 'ON',
    protected: false,
    retained: typeof before.retention === 'object',
  }
  for (const step of steps) {
    add(stepRequests(step, before, shown, limits, hasObjectLock))
    if (step.action === 'merge-tags') shown.tagged = true
    if (step.action === 'put-legal-hold') shown.held = true
    if (step.action === 'protect-original') shown.protected = true
    if (step.action === 'put-retention') shown.retained = true
  }
  // One list of the key's versions finds them all; the original that was just demoted is among them.
  const demotes = steps.some(({ action }) => action === 'replace-metadata') && before.versionId !== undefined
  if (beneath > 0) {
    const visited = demotes ? { HeadObject: 1, GetObjectRetention: shown.retained ? 0 : 1 } : {}
    add({ ListObjectVersions: 1, ...visited })
  }
  return requests
}

/** What HEAD shows by itself at a step, so that it needs not be asked for. */
interface Shown {
  tagged: boolean
  held: boolean
  protected: boolean
  retained: boolean
}

/** One full reading: HEAD, and the object is asked for the lock that HEAD does not show, for its tags and its grants. */
function reading(
  { acl, tagCount }: ObjectState,
  hasObjectLock: boolean,
  { held, retained }: { readonly held: boolean; readonly retained: boolean },
): Readonly<Record<string, number>> {
  return {
    HeadObject: 1,
    GetObjectTagging: tagCount === 0 ? 0 : 1,
    GetObjectLegalHold: hasObjectLock && !held ? 1 : 0,
    GetObjectRetention: hasObjectLock && !retained ? 1 : 0,
    GetObjectAcl: acl === 'bucket-owner-enforced' ? 0 : 1,
  }
}

function stepRequests(
  step: RemediationStep,
  before: ObjectState,
  { tagged, held, protected: isProtected, retained }: Shown,
  limits: S3Limits,
  hasObjectLock: boolean,
): Readonly<Record<string, number>> {
  switch (step.action) {
    case 'merge-tags':
    case 'replace-tags':
      // What HEAD counts is compared with what is read.
      return { HeadObject: 1, GetObjectTagging: 2, PutObjectTagging: 1 }
    case 'protect-original':
      return { PutObjectLegalHold: 1, GetObjectLegalHold: 2 }
    case 'put-legal-hold':
      return { PutObjectLegalHold: 1, GetObjectLegalHold: 1 }
    case 'lift-legal-hold':
      return {
        ...(step.versionId === undefined ? {} : { HeadObject: 2 }),
        PutObjectLegalHold: 1,
        GetObjectLegalHold: 1,
      }
    case 'put-retention':
      return { GetObjectRetention: 1, PutObjectRetention: 1 }
    case 'hold-noncurrent':
      return { HeadObject: 2, PutObjectLegalHold: 1, GetObjectLegalHold: 2, GetObjectRetention: 2 }
    case 'replace-metadata': {
      const isVersioned = before.versionId !== undefined && before.versionId !== 'null'
      const follows = isVersioned && hasObjectLock
      return {
        ...copyRequests(before, limits),
        // The new version is read back and the original looked at once more, after the copy, or before it without versions.
        HeadObject: 2,
        GetObjectTagging: tagged ? (isVersioned ? 2 : 1) : 0,
        GetObjectLegalHold: (retained && !held ? 1 : 0) + (follows && !held && !isProtected ? 1 : 0),
        GetObjectRetention: (held && !retained ? 1 : 0) + (follows && !retained ? 1 : 0),
        ListObjectVersions: before.versionId === undefined ? 0 : 1,
        GetObjectAcl: significantGrants(before.acl).length > 0 ? 1 : 0,
      }
    }
  }
}

function copyRequests({ sizeBytes }: ObjectState, limits: S3Limits): Readonly<Record<string, number>> {
  // One of unknown size is not copied.
  if (sizeBytes === undefined || sizeBytes <= limits.multipartThresholdBytes) return { CopyObject: 1 }
  const parts = partRanges(sizeBytes, limits.partSizeBytes).length
  return { CreateMultipartUpload: 1, ListMultipartUploads: 1, UploadPartCopy: parts, CompleteMultipartUpload: 1 }
}
