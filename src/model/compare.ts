import type { ObjectChecksum, ObjectState, Retention } from './object.js'
import type { Difference } from './verdict.js'

/** What a repair was asked to change; everything else must be as it was. */
export interface AskedChanges {
  /** The complete user metadata that was written. If it is left out, the metadata must not change. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** Tags that were added or changed. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Keys of tags that were removed; only a release removes tags. */
  readonly removedTags?: readonly string[] | undefined
  readonly legalHold?: 'ON' | 'OFF' | undefined
  readonly retention?: Retention | undefined
}

/**
 * Compares an object before and after a repair, property by property, and lists every difference beyond what was
 * asked (s3-facts: copy). An empty list is the proof that a repair lost nothing.
 *
 * What S3 itself adds and what protects more is not a difference. Examples are a default encryption where there
 * was none, a longer retention (the bucket's default on a new version), and a checksum where there was none. A
 * retention that had ended when the new version was written protects nothing any more and cannot be set again.
 *
 * The ETag is compared only if it is an MD5 on both sides; it is not proof across multipart uploads or KMS.
 * Checksums are compared only with the same algorithm and FULL_OBJECT on both sides. The size is always compared.
 * If it is not known, an equal ETag or an equal checksum must prove instead that the content is the same.
 */
export function compareObjectStates(before: ObjectState, after: ObjectState, asked: AskedChanges = {}): Difference[] {
  const differences: Difference[] = []
  const note = (property: string, was: unknown, is: unknown) => {
    if (was !== is) differences.push({ property, before: was, after: is })
  }
  note('bucket', before.bucket, after.bucket)
  note('key', before.key, after.key)
  // Without a copy the version stays; another one was written by somebody else.
  if (asked.metadata === undefined) note('versionId', before.versionId, after.versionId)
  if (!isSameSize(before, after)) {
    differences.push({ property: 'sizeBytes', before: before.sizeBytes, after: after.sizeBytes })
  }
  if (isMd5(before) && isMd5(after)) note('etag', unquoted(before.etag), unquoted(after.etag))
  differences.push(...checksumDifferences(before, after))
  differences.push(...recordDifferences('metadata', before.metadata, asked.metadata ?? before.metadata, after.metadata))
  if ((after.missingMetadata ?? 0) > (before.missingMetadata ?? 0)) {
    note('missingMetadata', before.missingMetadata, after.missingMetadata)
  }
  for (const name of headerNames) note(`headers.${name}`, before.headers[name], after.headers[name])
  note('storageClass', before.storageClass ?? 'STANDARD', after.storageClass ?? 'STANDARD')
  differences.push(...encryptionDifferences(before, after))
  differences.push(...tagDifferences(before, after, asked))
  differences.push(...lockDifferences(before, after, asked))
  note('acl', renderAcl(before.acl), before.acl === undefined ? undefined : renderAcl(after.acl))
  return differences
}

const headerNames = [
  'contentType',
  'contentEncoding',
  'contentLanguage',
  'contentDisposition',
  'cacheControl',
  'expires',
  'websiteRedirectLocation',
] as const

/** An unknown size is not an equal one. Other means must then show that the content is the same. */
function isSameSize(before: ObjectState, after: ObjectState): boolean {
  if (before.sizeBytes !== undefined && after.sizeBytes !== undefined) return before.sizeBytes === after.sizeBytes
  const isSameEtag = before.etag !== undefined && unquoted(before.etag) === unquoted(after.etag)
  return isSameEtag || hasSameFullChecksum(before, after)
}

/** An MD5 of the content: 32 hex digits, and not encrypted in a way that makes the ETag something else. */
function isMd5({ etag, encryption }: ObjectState): boolean {
  const opaque = encryption.customerAlgorithm !== undefined || (encryption.algorithm ?? 'AES256') !== 'AES256'
  return !opaque && /^"?[0-9a-f]{32}"?$/i.test(etag ?? '')
}

/** Some servers leave the quotes out in some answers. */
function unquoted(etag: string | undefined): string | undefined {
  return etag?.replaceAll('"', '')
}

function checksumDifferences(before: ObjectState, after: ObjectState): readonly Difference[] {
  // What may be read before and not after is not proof of anything: it differs, like any checksum that is gone.
  return checksumsOf(before).flatMap((was): Difference[] => {
    const is = checksumsOf(after).find(({ algorithm }) => algorithm === was.algorithm)
    if (is === undefined) {
      const instead = after.checksums === 'unreadable' ? 'unreadable' : after.checksum?.algorithm
      return [{ property: 'checksum.algorithm', before: was.algorithm, after: instead }]
    }
    if (was.type !== 'FULL_OBJECT' || is.type !== 'FULL_OBJECT' || was.value === is.value) return []
    return [{ property: 'checksum.value', before: was.value, after: is.value }]
  })
}

function hasSameFullChecksum(before: ObjectState, after: ObjectState): boolean {
  return checksumsOf(before).some(
    (was) =>
      was.type === 'FULL_OBJECT' &&
      checksumsOf(after).some((is) => is.type === was.type && is.algorithm === was.algorithm && is.value === was.value),
  )
}

/** All checksums that a state shows; none if the storage refuses to show any. */
export function checksumsOf({
  checksum,
  checksums,
}: Pick<ObjectState, 'checksum' | 'checksums'>): readonly ObjectChecksum[] {
  if (typeof checksums === 'object') return checksums
  return checksum === undefined ? [] : [checksum]
}

function recordDifferences(
  name: string,
  before: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly Difference[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(wanted), ...Object.keys(after)])
  return [...keys].sort().flatMap((key) => {
    const is = own(after, key)
    if (own(wanted, key) === is) return []
    return [{ property: `${name}.${key}`, before: own(before, key), after: is }]
  })
}

function own(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

function encryptionDifferences(before: ObjectState, after: ObjectState): readonly Difference[] {
  const was = before.encryption
  const is = after.encryption
  const differences: Difference[] = []
  const note = (property: string, a: unknown, b: unknown) => {
    if (a !== b) differences.push({ property: `encryption.${property}`, before: a, after: b })
  }
  note('customerAlgorithm', was.customerAlgorithm, is.customerAlgorithm)
  // Where nothing was encrypted, the bucket's default encrypts the copy.
  if (was.algorithm === undefined && was.customerAlgorithm === undefined) return differences
  note('algorithm', was.algorithm, is.algorithm)
  note('kmsKeyId', was.kmsKeyId, is.kmsKeyId)
  note('bucketKeyEnabled', was.bucketKeyEnabled ?? false, is.bucketKeyEnabled ?? false)
  return differences
}

function tagDifferences(before: ObjectState, after: ObjectState, asked: AskedChanges): readonly Difference[] {
  if (before.tags === undefined) return countDifferences(before, after)
  if (before.tags === 'unreadable' || typeof after.tags !== 'object') {
    // What could be read before must be readable after; two refusals prove nothing and change nothing.
    const asksTags = asked.tags !== undefined || asked.removedTags !== undefined
    if (before.tags === 'unreadable' && after.tags === 'unreadable' && !asksTags) return []
    return [{ property: 'tags', before: before.tags, after: after.tags }]
  }
  const wanted: Record<string, string> = Object.assign(Object.create(null), before.tags, asked.tags)
  for (const key of asked.removedTags ?? []) delete wanted[key]
  return recordDifferences('tags', before.tags, wanted, after.tags)
}

/** Tags that were not read, and that the copy carried over. Their number must be the same. */
function countDifferences({ tagCount = 0 }: ObjectState, after: ObjectState): readonly Difference[] {
  const count = typeof after.tags === 'object' ? Object.keys(after.tags).length : (after.tagCount ?? 0)
  return tagCount === count ? [] : [{ property: 'tagCount', before: tagCount, after: count }]
}

function lockDifferences(before: ObjectState, after: ObjectState, asked: AskedChanges): readonly Difference[] {
  const differences: Difference[] = []
  const wantedHold = asked.legalHold ?? before.legalHold
  if (wantedHold !== undefined && after.legalHold !== wantedHold) {
    differences.push({ property: 'legalHold', before: before.legalHold, after: after.legalHold })
  }
  const wanted = asked.retention ?? stillWanted(before, after)
  if (wanted !== undefined && !retains(after.retention, wanted)) {
    differences.push({ property: 'retention', before: before.retention, after: after.retention })
  }
  return differences
}

function stillWanted(before: ObjectState, after: ObjectState): ObjectState['retention'] {
  const { retention } = before
  if (typeof retention !== 'object' || before.versionId === after.versionId) return retention
  const ended = Date.parse(retention.retainUntilDate) <= Date.parse(after.lastModified ?? '')
  return ended ? 'none' : retention
}

/**
 * Whether a version is retained at least as long and as strictly. Dates are compared to the second, because some
 * servers keep no more.
 */
function retains(present: ObjectState['retention'], wanted: NonNullable<ObjectState['retention']>): boolean {
  if (wanted === 'unreadable' || present === 'unreadable') return wanted === present
  if (wanted === 'none') return present !== undefined
  if (typeof present !== 'object') return false
  const strict = present.mode === 'COMPLIANCE' || wanted.mode === 'GOVERNANCE'
  return strict && seconds(present.retainUntilDate) >= seconds(wanted.retainUntilDate)
}

function seconds(date: string): number {
  return Math.floor(Date.parse(date) / 1000)
}

/** Grants in no particular order. */
function renderAcl(acl: ObjectState['acl']): string | undefined {
  if (typeof acl !== 'object') return acl
  return acl
    .map(({ grantee, permission }) => `${permission} ${grantee}`)
    .sort()
    .join(', ')
}
