import type { AclGrant, ObjectState, Retention } from '../../../model/object.js'
import type { S3StorageOptions } from '../client/settings.js'
import { algorithmToCarry } from '../protocol/checksums.js'
import type { S3Input } from '../send/requests.js'
import { encodeKeyPath } from '../wire/signature.js'

type CopyInput = S3Input<'CopyObject'>

/** Every property a new version must be given, since neither a REPLACE copy nor a multipart copy keeps it. */
export type CarriedProperties = Omit<
  Partial<S3Input<'CreateMultipartUpload'>>,
  'Bucket' | 'Key' | 'ChecksumAlgorithm'
> &
  Pick<CopyInput, 'ChecksumAlgorithm'>

/**
 * What must be sent again so that a copy keeps what `before` shows (s3-facts: copy). Tags are left to
 * `TaggingDirective: COPY` in a single copy and are added by the multipart one.
 */
export function carriedProperties(
  before: ObjectState,
  metadata: Readonly<Record<string, string>>,
  nowMs: number,
): CarriedProperties {
  const { headers, encryption } = before
  const carried: Given<CarriedProperties> = { Metadata: metadata as Record<string, string> }
  give(carried, 'ContentType', headers.contentType)
  give(carried, 'ContentEncoding', headers.contentEncoding)
  give(carried, 'ContentLanguage', headers.contentLanguage)
  give(carried, 'ContentDisposition', headers.contentDisposition)
  give(carried, 'CacheControl', headers.cacheControl)
  give(carried, 'WebsiteRedirectLocation', headers.websiteRedirectLocation)
  give(carried, 'StorageClass', before.storageClass as CopyInput['StorageClass'])
  if (encryption.customerAlgorithm === undefined) {
    give(carried, 'ServerSideEncryption', encryption.algorithm as CopyInput['ServerSideEncryption'])
    give(carried, 'SSEKMSKeyId', encryption.kmsKeyId)
    // HEAD leaves a false one out; left out of the copy it would become the bucket's default.
    const hasBucketKey = encryption.algorithm === 'aws:kms' || encryption.bucketKeyEnabled === true
    if (hasBucketKey) carried.BucketKeyEnabled = encryption.bucketKeyEnabled ?? false
  }
  // The SDK sends a name that it does not know as it is.
  give(carried, 'ChecksumAlgorithm', algorithmToCarry(before) as CopyInput['ChecksumAlgorithm'])
  giveLock(carried, before, nowMs)
  giveGrants(carried, before.acl)
  return carried
}

type Given<T> = { -readonly [K in keyof T]: T[K] }

/** A member that is `undefined` is not the same as none to the SDK. */
function give<K extends keyof CarriedProperties>(
  carried: Given<CarriedProperties>,
  name: K,
  value: CarriedProperties[K],
): void {
  if (value !== undefined) carried[name] = value
}

/** `Expires` as it was read: the SDK would take a date and render it again. */
export function rawHeaders(before: ObjectState): Readonly<Record<string, string>> | undefined {
  return before.headers.expires === undefined ? undefined : { expires: before.headers.expires }
}

/** The caller's key for an object that was encrypted with it, for the source and for the copy of it. */
export function customerKey(before: ObjectState, options: S3StorageOptions) {
  const { customerAlgorithm } = before.encryption
  const { sseCustomerKey } = options
  if (customerAlgorithm === undefined || sseCustomerKey === undefined) return { source: {}, destination: {} }
  // The SDK takes raw bytes as well as base64, whatever its types say, and adds the MD5.
  const key = sseCustomerKey as string
  return {
    source: { CopySourceSSECustomerAlgorithm: customerAlgorithm, CopySourceSSECustomerKey: key },
    destination: { SSECustomerAlgorithm: customerAlgorithm, SSECustomerKey: key },
  }
}

/** `bucket/key?versionId=…` with the key URL-encoded, slashes kept. */
export function copySourceOf(before: ObjectState): string {
  const key = encodeKeyPath(before.key)
  const version = before.versionId === undefined ? '' : `?versionId=${encodeURIComponent(before.versionId)}`
  return `${before.bucket}/${key}${version}`
}

/** Tags as the header of an upload takes them. */
export function taggingHeader(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join('&')
}

/** Sent in the copy itself, so that the new version is never unprotected. */
function giveLock(carried: Given<CarriedProperties>, before: ObjectState, nowMs: number): void {
  const retention = activeRetention(before, nowMs)
  if (before.legalHold === 'ON') carried.ObjectLockLegalHoldStatus = 'ON'
  if (retention === undefined) return
  carried.ObjectLockMode = retention.mode
  carried.ObjectLockRetainUntilDate = new Date(retention.retainUntilDate)
}

/** A retention that has ended protects nothing, and S3 refuses a date in the past. */
export function activeRetention(state: ObjectState, nowMs: number): Retention | undefined {
  const { retention } = state
  if (typeof retention !== 'object') return undefined
  return Date.parse(retention.retainUntilDate) > nowMs ? retention : undefined
}

/** Grants beyond the private default; none if ACLs are off. */
export function significantGrants(acl: ObjectState['acl']): readonly AclGrant[] {
  if (typeof acl !== 'object') return []
  const [first] = acl
  // What every copy gets by itself: full control for its one owner.
  const isPrivate = acl.length === 1 && first?.permission === 'FULL_CONTROL' && first.grantee.startsWith('id=')
  return isPrivate ? [] : acl
}

/** Permissions that a copy has a header for. */
const permissions = ['FULL_CONTROL', 'READ', 'READ_ACP', 'WRITE_ACP'] as const

/** Whether a grant can be given to a copy. */
export function isCarried({ grantee, permission }: AclGrant): boolean {
  return permissions.some((known) => known === permission) && /^(id|uri|emailAddress)=[^"\r\n]+$/.test(grantee)
}

function giveGrants(carried: Given<CarriedProperties>, acl: ObjectState['acl']): void {
  const grants = significantGrants(acl)
  if (grants.length === 0) return
  const of = (permission: (typeof permissions)[number]) => {
    const grantees = grants.filter((grant) => grant.permission === permission)
    return grantees.length === 0 ? undefined : grantees.map(({ grantee }) => granteeHeader(grantee)).join(', ')
  }
  give(carried, 'GrantFullControl', of('FULL_CONTROL'))
  give(carried, 'GrantRead', of('READ'))
  give(carried, 'GrantReadACP', of('READ_ACP'))
  give(carried, 'GrantWriteACP', of('WRITE_ACP'))
}

/** The headers with which PutObjectAcl sets the same grants. */
export function aclHeaders(acl: ObjectState['acl']): CarriedProperties {
  const headers: Given<CarriedProperties> = {}
  giveGrants(headers, acl)
  return headers
}

function granteeHeader(grantee: string): string {
  const at = grantee.indexOf('=')
  return `${grantee.slice(0, at)}="${grantee.slice(at + 1)}"`
}
