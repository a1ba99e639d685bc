import { LegalHoldError, type LegalHoldErrorCode, type LegalHoldErrorReason } from '../../../model/errors.js'
import type { ObjectState } from '../../../model/object.js'
import { subjectOf } from '../protocol/subject.js'
import { isCarried, significantGrants } from './properties.js'

/** Why a metadata repair leaves an object alone; `reason` of the error. */
export type RepairRefusal = Exclude<LegalHoldErrorReason, 'retention-weaker' | 'retention-unknown' | 'tags-invalid'>

/** What the caller allows, and what is known of the bucket. */
export interface RepairPolicy {
  readonly allowReplicas: boolean
  readonly hasCustomerKey: boolean
  readonly bucketReceivesCloudTrail: boolean
  /** It is read once more, whole, before it is copied. */
  readonly isReadAgain: boolean
}

interface Refusal {
  readonly reason: RepairRefusal
  readonly why: string
  readonly code?: LegalHoldErrorCode
}

const metadataLimitBytes = 2048
const cloudTrailKey = /(^|\/)AWSLogs\/(o-[a-z0-9]+\/)?\d{12}\/CloudTrail(-Digest|-Insight)?\//

/** Whether a key is that of a CloudTrail log or digest file, whose signature lives in its user metadata. */
export function isCloudTrailKey(key: string): boolean {
  return cloudTrailKey.test(key)
}

/**
 * Throws if a copy onto itself would lose something (s3-facts: copy). Nothing has been sent then, and repeating the
 * repair does not help before its reason is gone.
 */
export function refuseLossyRepair(
  before: ObjectState,
  metadata: Readonly<Record<string, string>>,
  policy: RepairPolicy,
): void {
  const refusal = refusalOf(before, metadata, policy)
  if (refusal !== undefined) refuse(before, refusal)
}

/** Throws if no versioning keeps the original that a copy would overwrite. */
export function refuseOverwrite(before: ObjectState, versioning: string): never {
  const state = versioning === 'unreadable' ? 'could not be read' : `is ${versioning.toLowerCase()}`
  refuse(before, {
    reason: 'versioning-off',
    why: `versioning of the bucket ${state}, so the copy would overwrite the delivered original. Enable versioning, or accept \`versioning-off\`.`,
  })
}

/** Throws if the server cannot show what a copy came to lie on. */
export function refuseUnseen(before: ObjectState): never {
  refuse(before, {
    reason: 'versioning-off',
    why: 'the server does not list versions, so that nobody could tell afterwards what the copy came to lie on. Accept `versioning-off` to do without.',
  })
}

const unknownSize: Refusal = {
  reason: 'size-unknown',
  why: 'neither HEAD nor a request for its first byte shows its size, so that nobody could tell whether it fits into one copy and whether the copy is whole.',
}

/** A state whose size is known. */
export type SizedState = ObjectState & { readonly sizeBytes: number }

/** Throws if the size is not known, without which nothing can be copied. */
export function requireSize(before: ObjectState): SizedState {
  if (before.sizeBytes === undefined) refuse(before, unknownSize)
  return { ...before, sizeBytes: before.sizeBytes }
}

/** Throws if a copy on this server lost a checksum of this algorithm, as that of another object showed. */
export function refuseLostChecksum(before: ObjectState, algorithm: string): never {
  refuse(before, {
    reason: 'checksum-not-carried',
    why: `it has a checksum of the algorithm ${algorithm.slice(0, 40)}, which a copy on this server loses, as that of another object showed.`,
  })
}

function refuse(before: ObjectState, refusal: Refusal): never {
  throw new LegalHoldError(`The metadata of ${subjectOf(before)} is left as it is: ${refusal.why}`, {
    code: refusal.code ?? 'STORAGE_REJECTED',
    stage: 'remediate',
    reason: refusal.reason,
    details: { reason: refusal.reason },
  })
}

function refusalOf(
  before: ObjectState,
  metadata: Readonly<Record<string, string>>,
  policy: RepairPolicy,
): Refusal | undefined {
  return (
    refusedByBucket(before, policy) ??
    refusedByState(before, policy) ??
    refusedByReading(before, policy) ??
    refusedByMetadata(metadata)
  )
}

function refusedByBucket(before: ObjectState, policy: RepairPolicy): Refusal | undefined {
  if (policy.bucketReceivesCloudTrail || isCloudTrailKey(before.key)) {
    return {
      reason: 'cloudtrail-log',
      why: 'CloudTrail keeps the signature of its logs in their metadata, and a new version would break the chain. Never repair a bucket of CloudTrail logs.',
    }
  }
  if (before.replicationStatus === 'REPLICA' && !policy.allowReplicas) {
    return {
      reason: 'replica',
      why: 'it is a replica of an object in another bucket and would diverge from it. Repair the source bucket, or set `allowReplicas`.',
    }
  }
  return undefined
}

function refusedByState(before: ObjectState, policy: RepairPolicy): Refusal | undefined {
  if (isArchived(before)) {
    return {
      reason: 'archived',
      code: 'OBJECT_ARCHIVED',
      why: `it is archived (${before.archiveStatus ?? before.storageClass}) and cannot be copied. Restore it first (RestoreObject), then repeat.`,
    }
  }
  if (before.encryption.customerAlgorithm !== undefined && !policy.hasCustomerKey) {
    return {
      reason: 'sse-c',
      why: "it is encrypted with a customer's own key (SSE-C), without which it cannot be copied. Give `sseCustomerKey`.",
    }
  }
  if ((before.missingMetadata ?? 0) > 0) {
    return {
      reason: 'missing-metadata',
      why: `S3 cannot return ${before.missingMetadata} of its metadata values (x-amz-missing-meta), which a copy would destroy. Only their writer can write them again.`,
    }
  }
  if (before.headers.expires !== undefined && Number.isNaN(Date.parse(before.headers.expires))) {
    return {
      reason: 'expires-unparsable',
      why: `its Expires header is not a valid date ("${before.headers.expires.slice(0, 80)}") and could not be written again.`,
    }
  }
  return undefined
}

/** What was not read cannot be sent again, and what was refused might be anything (s3-facts: absent is not off). */
function refusedByReading(before: ObjectState, { isReadAgain }: RepairPolicy): Refusal | undefined {
  // Of tags that the server carries their count is enough.
  const hasTags = before.tags !== undefined || (before.tagCount ?? 0) > 0
  const hasLock = before.legalHold !== undefined && before.retention !== undefined
  if (!isReadAgain && !(hasTags && hasLock)) {
    return { reason: 'not-fully-read', code: 'INVALID_REQUEST', why: 'its state was read without `full: true`.' }
  }
  if (before.tags === 'unreadable') {
    return {
      reason: 'tags-unreadable',
      code: 'STORAGE_FORBIDDEN',
      why: 'its tags could not be read, so that nobody could tell whether the copy kept them. Allow s3:GetObjectTagging and s3:GetObjectVersionTagging.',
    }
  }
  if (before.legalHold === 'unreadable' || before.retention === 'unreadable') {
    return {
      reason: 'lock-unreadable',
      code: 'STORAGE_FORBIDDEN',
      why: 'its Object Lock state could not be read, or says what this library does not know, and a copy does not carry it over by itself. Allow s3:GetObjectLegalHold and s3:GetObjectRetention.',
    }
  }
  if (before.sizeBytes === undefined) return unknownSize
  if ((before.acl === undefined && !isReadAgain) || before.acl === 'unreadable') {
    return {
      reason: before.acl === undefined ? 'not-fully-read' : 'acl-unreadable',
      code: before.acl === undefined ? 'INVALID_REQUEST' : 'STORAGE_FORBIDDEN',
      why: 'its ACL could not be read, and a copy would reset it. Allow s3:GetObjectAcl and s3:GetObjectVersionAcl, or s3:GetBucketOwnershipControls where ACLs are off.',
    }
  }
  const lost = significantGrants(before.acl).filter((grant) => !isCarried(grant))
  if (lost.length > 0) {
    const grants = [...new Set(lost.map(({ permission }) => permission))].join(', ')
    return {
      reason: 'acl-not-carried',
      why: `its ACL grants ${grants.slice(0, 80)}, which no header of a copy can carry.`,
    }
  }
  return undefined
}

function refusedByMetadata(metadata: Readonly<Record<string, string>>): Refusal | undefined {
  let bytes = 0
  for (const name of Object.keys(metadata)) {
    const value = metadata[name] ?? ''
    if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) {
      return {
        reason: 'metadata-invalid',
        why: `"${name.slice(0, 80)}" cannot be a metadata name: lower-case letters, digits and !#$%&'*+-.^_\`|~ only.`,
      }
    }
    if (!isHeaderValue(value)) {
      return {
        reason: 'metadata-invalid',
        why: `the value of "${name}" holds characters that no HTTP header can carry.`,
      }
    }
    bytes += name.length + value.length
  }
  if (bytes <= metadataLimitBytes) return undefined
  return {
    reason: 'metadata-too-large',
    why: `the metadata would have ${bytes} bytes, S3 allows ${metadataLimitBytes} in all.`,
  }
}

/** One byte a character, as Node sends and receives headers; no control characters, no space at the ends. */
function isHeaderValue(value: string): boolean {
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at)
    if (code > 0xff || code === 0x7f || (code < 0x20 && code !== 0x09)) return false
  }
  return !isBlank(value.at(0)) && !isBlank(value.at(-1))
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

/**
 * Archived and not (any longer) restored. `x-amz-restore: ongoing-request="false"` means that a copy is there. A class that
 * is not known here is copied: a server that must restore it before says so (`OBJECT_ARCHIVED`).
 */
function isArchived(state: ObjectState): boolean {
  const { archiveStatus, storageClass, restore = '' } = state
  if (archiveStatus !== undefined || restore.includes('ongoing-request="true"')) return true
  const archive = storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE'
  return archive && !restore.includes('ongoing-request="false"')
}
