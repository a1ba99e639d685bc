import type { AclGrant, ObjectState, Retention } from '../ports.js'
import type { Difference } from '../verdict.js'

/** What a repair asked for; everything else has to be as it was. */
export interface AskedChanges {
  /** The complete user metadata. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** Tags added or changed. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly legalHold?: 'ON' | 'OFF' | undefined
  readonly retention?: Retention | undefined
}

/**
 * Compares an object before and after a repair, property by property, and lists what differs beyond what was asked.
 * What was read before and cannot be read after counts as a difference; what was not read before cannot. Pure.
 */
export function compareObjectStates(before: ObjectState, after: ObjectState, asked: AskedChanges): Difference[] {
  const differences: Difference[] = []
  const compare = (property: string, was: unknown, is: unknown) => {
    if (!sameValue(was, is)) differences.push({ property, before: was, after: is })
  }
  compare('sizeBytes', before.sizeBytes, after.sizeBytes)
  compareContent(before, after, compare)
  compareRecords('metadata', asked.metadata ?? before.metadata, after.metadata, compare)
  compare('missingMetadata', before.missingMetadata ?? 0, after.missingMetadata ?? 0)
  for (const name of headerNames) compare(`headers.${name}`, before.headers[name], after.headers[name])
  // S3 leaves the header out for STANDARD.
  compare('storageClass', before.storageClass ?? 'STANDARD', after.storageClass ?? 'STANDARD')
  compare('encryption.algorithm', before.encryption.algorithm, after.encryption.algorithm)
  compare('encryption.kmsKeyId', before.encryption.kmsKeyId, after.encryption.kmsKeyId)
  const bucketKey = (state: ObjectState) => state.encryption.bucketKeyEnabled ?? false
  compare('encryption.bucketKeyEnabled', bucketKey(before), bucketKey(after))
  compare('encryption.customerAlgorithm', before.encryption.customerAlgorithm, after.encryption.customerAlgorithm)
  compareTags(before, after, asked, compare)
  if (before.legalHold !== undefined || asked.legalHold !== undefined) {
    compare('legalHold', asked.legalHold ?? before.legalHold, after.legalHold)
  }
  if (before.retention !== undefined || asked.retention !== undefined) {
    const wanted = asked.retention ?? before.retention
    if (!retains(after.retention, wanted))
      differences.push({ property: 'retention', before: wanted, after: after.retention })
  }
  if (before.acl !== undefined) compare('acl', grantsOf(before.acl), grantsOf(after.acl))
  return differences
}

type Compare = (property: string, was: unknown, is: unknown) => void

const headerNames = [
  'contentType',
  'contentEncoding',
  'contentLanguage',
  'contentDisposition',
  'cacheControl',
  'expires',
  'websiteRedirectLocation',
] as const

const plainMd5 = /^"?[0-9a-f]{32}"?$/

/** Content is proven different by a checksum of the same kind, or by an ETag that is an MD5 on both sides. */
function compareContent(before: ObjectState, after: ObjectState, compare: Compare): void {
  const [was, is] = [before.checksum, after.checksum]
  if (was !== undefined && is === undefined) compare('checksum.algorithm', was.algorithm, undefined)
  if (was !== undefined && is !== undefined) {
    compare('checksum.algorithm', was.algorithm, is.algorithm)
    // A copy recomputes the value; only over the whole object are two values comparable (s3-facts, copy).
    const comparable = was.algorithm === is.algorithm && was.type !== 'COMPOSITE' && is.type !== 'COMPOSITE'
    if (comparable) compare('checksum.value', was.value, is.value)
  }
  const isMd5 = ({ etag, encryption }: ObjectState) =>
    etag !== undefined &&
    plainMd5.test(etag) &&
    encryption.customerAlgorithm === undefined &&
    !(encryption.algorithm ?? '').startsWith('aws:kms')
  if (isMd5(before) && isMd5(after)) compare('content', before.etag, after.etag)
}

function compareRecords(
  property: string,
  was: Readonly<Record<string, string>>,
  is: Readonly<Record<string, string>>,
  compare: Compare,
): void {
  for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) {
    const value = (record: Readonly<Record<string, string>>) => (Object.hasOwn(record, name) ? record[name] : undefined)
    compare(`${property}.${name}`, value(was), value(is))
  }
}

function compareTags(before: ObjectState, after: ObjectState, asked: AskedChanges, compare: Compare): void {
  if (typeof before.tags !== 'object') {
    if (asked.tags === undefined)
      compare('tags', before.tags, typeof after.tags === 'object' ? before.tags : after.tags)
    return
  }
  if (typeof after.tags !== 'object') {
    compare('tags', before.tags, after.tags)
    return
  }
  const wanted: Record<string, string> = Object.create(null)
  for (const source of [before.tags, asked.tags ?? {}]) {
    for (const name of Object.keys(source)) wanted[name] = source[name] ?? ''
  }
  compareRecords('tags', wanted, after.tags, compare)
}

/** A longer retention or a stronger mode than before is no loss: a bucket's default applies to new versions. */
function retains(after: ObjectState['retention'], wanted: ObjectState['retention']): boolean {
  if (wanted === undefined || wanted === 'none') return after !== 'unreadable'
  if (wanted === 'unreadable') return after === 'unreadable'
  if (typeof after !== 'object') return false
  // S3 keeps whole seconds.
  const longEnough = Date.parse(after.retainUntilDate) + 1_000 > Date.parse(wanted.retainUntilDate)
  return longEnough && (after.mode === wanted.mode || after.mode === 'COMPLIANCE')
}

function grantsOf(acl: ObjectState['acl']): unknown {
  if (typeof acl !== 'object') return acl
  return acl.map(({ grantee, permission }: AclGrant) => `${permission} ${grantee}`).sort()
}

function sameValue(a: unknown, b: unknown): boolean {
  return Object.is(a, b) || JSON.stringify(a) === JSON.stringify(b)
}
