import type { Call } from '../call.js'
import { invalidArgument, S3Error } from '../http/errors.js'
import { httpDate } from '../http/time.js'
import type { ObjectVersion } from '../state/object-version.js'
import type { Bucket } from '../state/state.js'
import { isVersionId, makeVersionId } from '../state/version-id.js'

/**
 * Puts a new version, or marker, on top of its key. Where versioning is not on it is the `null` version, which
 * takes the place of an earlier one.
 */
export function writeVersion(
  call: Call,
  bucket: Bucket,
  draft: Omit<ObjectVersion, 'versionId' | 'sequence' | 'lastModifiedMs'>,
): ObjectVersion {
  const { store } = call
  const { name, versioning } = bucket.settings
  const sequence = store.nextSequence()
  const version: ObjectVersion = {
    ...draft,
    versionId: versioning === 'Enabled' ? makeVersionId(name, sequence) : 'null',
    sequence,
    lastModifiedMs: call.nowMs,
  }
  store.saveVersion(name, version)
  call.versionId = version.versionId
  return version
}

/** The `x-amz-version-id` of a read: absent on a bucket that never had versioning. */
export function versionHeader(bucket: Bucket, version: ObjectVersion): string | undefined {
  return bucket.settings.versioning === undefined ? undefined : version.versionId
}

/** The `x-amz-version-id` that answers a write: absent too while versioning is suspended. */
export function writtenVersionHeader(bucket: Bucket, version: ObjectVersion): string | undefined {
  return bucket.settings.versioning === 'Enabled' ? version.versionId : undefined
}

/** What to look for at a key. */
export interface VersionQuery {
  readonly bucket: Bucket
  readonly key: string
  readonly versionId: string | undefined
}

/** Finds a version, or says why there is none. A marker is only found by those who ask for markers. */
export function findVersion(
  call: Call,
  query: VersionQuery,
  options: { readonly markers?: boolean } = {},
): ObjectVersion {
  const { bucket, key, versionId } = query
  const versions = bucket.objects.get(key)
  if (versionId === undefined) {
    const [current] = versions
    if (current === undefined) throw missingKey(call, query)
    call.versionId = current.versionId
    if (current.deleteMarker && !options.markers) {
      // A listing would show that the key is not there; without the right to list, neither does the error.
      if (!call.can('s3:ListBucket', { bucket })) throw denied(call, query)
      throw new S3Error('NoSuchKey', { details: [['Key', key]], headers: markerHeaders(bucket, current) })
    }
    return current
  }
  const found = versions.find((version) => version.versionId === versionId)
  if (found === undefined) throw missingVersion(call, query)
  call.versionId = found.versionId
  if (found.deleteMarker && !options.markers) throw markerNotAllowed(call, bucket, found)
  return found
}

/** A marker can be deleted, and nothing else. */
export function markerNotAllowed(call: Call, bucket: Bucket, marker: ObjectVersion): S3Error {
  return new S3Error('MethodNotAllowed', {
    details: [
      ['Method', call.request.method],
      ['ResourceType', 'DeleteMarker'],
    ],
    headers: {
      ...markerHeaders(bucket, marker),
      allow: 'DELETE',
      'last-modified': httpDate(marker.lastModifiedMs),
    },
  })
}

function markerHeaders(bucket: Bucket, marker: ObjectVersion): Record<string, string> {
  return {
    'x-amz-delete-marker': 'true',
    ...(bucket.settings.versioning === undefined ? {} : { 'x-amz-version-id': marker.versionId }),
  }
}

function missingKey(call: Call, query: VersionQuery): S3Error {
  if (!call.can('s3:ListBucket', { bucket: query.bucket })) return denied(call, query)
  return new S3Error('NoSuchKey', { details: [['Key', query.key]] })
}

function missingVersion(call: Call, query: VersionQuery): S3Error {
  const { bucket, key, versionId } = query
  if (!call.can('s3:ListBucket', { bucket })) return denied(call, query)
  checkVersionIdForm(bucket, versionId ?? 'null')
  return new S3Error('NoSuchVersion', {
    details: [
      ['Key', key],
      ['VersionId', versionId ?? ''],
    ],
  })
}

/** `InvalidArgument` for what cannot be a version id at all, or not of a bucket that never had versions. */
function checkVersionIdForm(bucket: Bucket, versionId: string): void {
  if (versionId === 'null' || (isVersionId(versionId) && bucket.settings.versioning !== undefined)) return
  throw invalidArgument('versionId', versionId, 'Invalid version id specified')
}

/** Without s3:ListBucket a missing key is 403, not 404 (s3-facts, Object Lock). */
function denied(call: Call, { bucket, key }: VersionQuery): S3Error {
  return new S3Error('AccessDenied', {
    message: call.identity.anonymous
      ? 'Access Denied'
      : `User: ${call.identity.arn} is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::${bucket.settings.name}" because no identity-based policy allows the s3:ListBucket action`,
    details: [['Key', key]],
  })
}
