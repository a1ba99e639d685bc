import type { ObjectState } from '../../../model/object.js'
import type { RemediationStep } from '../../../model/verdict.js'
import type { S3Limits } from '../client/settings.js'
import { partRanges } from './multipart.js'
import { significantGrants } from './properties.js'

/** What the requests of a repair depend on beside the object and the steps. */
export interface RepairSetting {
  readonly limits: S3Limits
  readonly hasObjectLock: boolean
  /** Whether each copy is followed by a look at what lies beneath it; else a list of many keys shows that. */
  readonly looksBeneath: boolean
}

type Requests = Readonly<Record<string, number>>

/**
 * The requests of one repair that needs no second attempt, by operation. It counts from the HEAD that judged the
 * object (which is not included) to the final read-back. These are left out:
 *
 * - what is asked once for a bucket (Object Lock, ownership)
 * - what a server is asked for its first objects only (whether HEAD shows tags and holds)
 * - reads of versions beneath that are already held
 */
export function requestsOf(before: ObjectState, steps: readonly RemediationStep[], setting: RepairSetting): Requests {
  const requests: Record<string, number> = {}
  const add = (operations: Requests) => {
    for (const operation of Object.keys(operations)) {
      const count = operations[operation] ?? 0
      if (count > 0) requests[operation] = (requests[operation] ?? 0) + count
    }
  }
  const beneath = steps.filter(({ action }) => action === 'hold-noncurrent').length
  const facts = factsOf(before, steps, setting)
  for (const { action } of steps) {
    if (action !== 'hold-noncurrent') add(stepRequests(action, facts))
  }
  if (steps.length > beneath) add(facts.copies ? readingBefore(facts) : readingAfter(facts, steps.length - beneath))
  if (beneath > 0) {
    add({ HeadObject: 2 * beneath, PutObjectLegalHold: beneath, GetObjectLegalHold: 2 * beneath })
    add({ GetObjectRetention: 2 * beneath })
    // One list of the key's versions finds them all; the original that was just demoted is among them.
    const visited = facts.copies && facts.isVersioned
    add({ ListObjectVersions: 1, ...(visited ? { HeadObject: 1, GetObjectRetention: facts.isRetained ? 0 : 1 } : {}) })
  }
  return requests
}

interface Facts {
  readonly before: ObjectState
  readonly limits: S3Limits
  readonly hasLock: boolean
  readonly looksBeneath: boolean
  readonly copies: boolean
  readonly protects: boolean
  readonly isVersioned: boolean
  /** It has tags, and they must be read: the count alone is not enough. */
  readonly readsTags: boolean
  readonly isTagged: boolean
  readonly isMerged: boolean
  /** Held or retained before, or by a step in place. */
  readonly isHeld: boolean
  readonly isRetained: boolean
  /** Hold and retention as they were judged: read then, where HEAD does not show them. */
  readonly isJudged: boolean
  readonly hasGrants: boolean
}

function factsOf(
  before: ObjectState,
  steps: readonly RemediationStep[],
  { limits, hasObjectLock, looksBeneath }: RepairSetting,
): Facts {
  const takes = (wanted: RemediationStep['action']) => steps.some(({ action }) => action === wanted)
  const isVersioned = before.versionId !== undefined && before.versionId !== 'null'
  const isTagged = (before.tagCount ?? 0) > 0
  const isOneCopy = before.sizeBytes === undefined || before.sizeBytes <= limits.multipartThresholdBytes
  const isMerged = takes('merge-tags')
  return {
    before,
    limits,
    hasLock: hasObjectLock,
    looksBeneath,
    copies: takes('replace-metadata'),
    protects: takes('protect-original'),
    isVersioned,
    isTagged,
    readsTags: (isTagged && !(isVersioned && isOneCopy)) || isMerged,
    isMerged,
    isHeld: before.legalHold === 'ON' || takes('put-legal-hold'),
    isRetained: typeof before.retention === 'object' || takes('put-retention'),
    isJudged: takes('put-legal-hold') || takes('put-retention'),
    hasGrants: before.acl !== 'bucket-owner-enforced',
  }
}

/** What the copy must keep and the HEAD did not show. */
function readingBefore({
  before,
  hasGrants,
  hasLock,
  isJudged,
  isMerged,
  isTagged,
  protects,
  readsTags,
}: Facts): Requests {
  const asksLock = hasLock && !isJudged
  return {
    GetObjectTagging: isTagged && readsTags && !isMerged ? 1 : 0,
    GetObjectLegalHold: asksLock && !protects && before.legalHold !== 'ON' ? 1 : 0,
    GetObjectRetention: asksLock && typeof before.retention !== 'object' ? 1 : 0,
    GetObjectAcl: hasGrants ? 1 : 0,
  }
}

/** The last look at an object that was changed in place; a change of tags alone has had it. */
function readingAfter({ hasLock, isHeld, isJudged, isMerged, isRetained }: Facts, steps: number): Requests {
  if (isMerged && steps === 1) return {}
  const asksLock = hasLock && isJudged
  return {
    HeadObject: 1,
    GetObjectTagging: isMerged ? 1 : 0,
    GetObjectLegalHold: asksLock && !isHeld ? 1 : 0,
    GetObjectRetention: asksLock && !isRetained ? 1 : 0,
  }
}

function stepRequests(action: RemediationStep['action'], facts: Facts): Requests {
  switch (action) {
    case 'merge-tags':
      // Beside a copy they are counted by HEAD and read again; alone they are as they were judged, if HEAD counts them.
      if (facts.copies) return { HeadObject: 1, GetObjectTagging: 2, PutObjectTagging: 1 }
      return { GetObjectTagging: facts.isTagged ? 1 : 2, PutObjectTagging: 1 }
    case 'replace-tags':
      return { HeadObject: 1, GetObjectTagging: 2, PutObjectTagging: 1 }
    case 'protect-original':
      return { PutObjectLegalHold: 1, HeadObject: 1 }
    case 'put-legal-hold':
      return { PutObjectLegalHold: 1 }
    case 'lift-legal-hold':
      return { PutObjectLegalHold: 1, GetObjectLegalHold: 1 }
    case 'put-retention':
      return { PutObjectRetention: 1 }
    case 'replace-metadata':
      return copyAndLook(facts)
    case 'hold-noncurrent':
      return {}
  }
}

/** The copy, and the look at what it wrote, at the original and at what lies between the two. */
function copyAndLook(facts: Facts): Requests {
  const { before, hasGrants, hasLock, isHeld, isRetained, isVersioned, limits, protects, readsTags } = facts
  // HEAD of the original shows the hold on it, and so that it shows locks.
  const showsLocks = !hasLock || (isVersioned && (isHeld || protects))
  const looks = isVersioned ? 1 : 0
  const tags = readsTags ? 1 + looks : 0
  return {
    // Without versions the object is looked at right before the copy.
    HeadObject: 2 + (showsLocks ? 0 : 1),
    GetObjectTagging: tags + (showsLocks || !readsTags ? 0 : 1),
    GetObjectLegalHold: showsLocks ? 0 : 1 + looks,
    GetObjectRetention: showsLocks || isRetained ? 0 : 1 + looks,
    ListObjectVersions: before.versionId !== undefined && facts.looksBeneath ? 1 : 0,
    GetObjectAcl: (hasGrants ? 1 : 0) + (significantGrants(before.acl).length > 0 ? 1 : 0),
    ...copyRequests(before, limits),
  }
}

function copyRequests({ sizeBytes }: ObjectState, limits: S3Limits): Readonly<Record<string, number>> {
  // One of unknown size is not copied.
  if (sizeBytes === undefined || sizeBytes <= limits.multipartThresholdBytes) return { CopyObject: 1 }
  const parts = partRanges(sizeBytes, limits.partSizeBytes).length
  return { CreateMultipartUpload: 1, ListMultipartUploads: 1, UploadPartCopy: parts, CompleteMultipartUpload: 1 }
}
