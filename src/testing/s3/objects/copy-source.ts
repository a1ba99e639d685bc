import type { Call } from '../call.js'
import { invalidArgument, invalidRequest, S3Error } from '../http/errors.js'
import type { ObjectVersion } from '../state/object-version.js'
import type { Bucket } from '../state/state.js'
import { checkCustomerKey, sourceCustomerKeyPrefix } from './encryption.js'
import { isArchived } from './read.js'
import { findVersion } from './versions.js'

/** What a copy copies. */
export interface CopySource {
  readonly bucket: Bucket
  readonly version: ObjectVersion
  /** The version that was named, undefined for the current one. */
  readonly versionId: string | undefined
}

interface SourceName {
  readonly bucket: string
  readonly key: string
  readonly versionId: string | undefined
}

const header = 'x-amz-copy-source'

/** Reads `x-amz-copy-source`: `bucket/key?versionId=id`, URL-encoded, with or without a slash in front. */
function readSource(value: string): SourceName {
  const marker = '?versionId='
  const at = value.lastIndexOf(marker)
  const path = decode(at < 0 ? value : value.slice(0, at)).replace(/^\//, '')
  const versionId = at < 0 ? undefined : decode(value.slice(at + marker.length))
  const slash = path.indexOf('/')
  if (slash <= 0 || slash === path.length - 1) {
    throw invalidArgument(header, header, 'Invalid copy source object key')
  }
  if (versionId === '') throw invalidArgument(header, value, 'Version id cannot be the empty string')
  return { bucket: path.slice(0, slash), key: path.slice(slash + 1), versionId }
}

/** A `+` that is not encoded is a space here, unlike in a path. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw invalidArgument(header, text, 'Invalid copy source encoding.')
  }
}

/** Finds the source of a copy that the caller may read and that can be copied. */
export function findSource(call: Call): CopySource {
  const { bucket: bucketName, key, versionId } = readSource(call.header(header) ?? '')
  const bucket = call.bucketNamed(bucketName)
  checkSourceOwner(call)
  const known = bucket.objects.get(key)
  const asked = versionId === undefined ? known[0] : known.find((version) => version.versionId === versionId)
  call.allow(versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion', { bucket, key, version: asked })
  if (versionId !== undefined && asked?.deleteMarker) {
    throw invalidRequest('The source of a copy request may not specifically refer to a delete marker by version id.')
  }
  const version = findVersion(call, { bucket, key, versionId })
  call.versionId = undefined
  checkCustomerKey(version.encryption, call.headers, sourceCustomerKeyPrefix)
  if (isArchived(version, call.nowMs)) {
    throw new S3Error('InvalidObjectState', {
      message: "Operation is not valid for the source object's storage class",
      details: [['StorageClass', version.storageClass]],
    })
  }
  return { bucket, version, versionId }
}

function checkSourceOwner(call: Call): void {
  call.checkOwner('x-amz-source-expected-bucket-owner')
}
