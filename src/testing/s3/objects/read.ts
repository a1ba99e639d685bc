import type { Answer } from '../../http/answer.js'
import { expirationHeader } from '../buckets/lifecycle.js'
import type { Call } from '../call.js'
import { type BlobStore, readBody, releaseBody, retainBody, sliceBody } from '../content/blobs.js'
import { checksumHeader, checksumHeaders } from '../content/checksums.js'
import { requestedStretch, type Stretch } from '../content/ranges.js'
import { invalidArgument, invalidRequest, S3Error } from '../http/errors.js'
import { bodyAnswer, emptyAnswer, type HeaderList } from '../http/respond.js'
import { httpDate } from '../http/time.js'
import type { Body, ObjectVersion } from '../state/object-version.js'
import type { Bucket } from '../state/state.js'
import { checkReadConditions } from './conditions.js'
import { checkCustomerKey, customerKeyPrefix, encryptionHeaders } from './encryption.js'
import { lockHeaders } from './lock.js'
import { contentHeaders, metadataHeaders } from './properties.js'
import { findVersion, versionHeader } from './versions.js'

/** Bodies up to this size are answered at once, larger ones as a stream. */
const wholeBytes = 1_048_576

/** Carries out `GetObject`. */
export async function getObject(call: Call): Promise<Answer> {
  const { version, bucket } = locate(call)
  checkReadConditions(call, version)
  if (isArchived(version, call.nowMs)) {
    throw new S3Error('InvalidObjectState', {
      message: "The operation is not valid for the object's storage class",
      details: [['StorageClass', version.storageClass]],
    })
  }
  const stretch = requestedStretch(call, version)
  const headers = readHeaders(call, bucket, version, stretch)
  const body = sliceBody(version.body, stretch.start, stretch.end)
  return bodyAnswer(stretch.partial ? 206 : 200, headers, await openBody(call.store.blobs, body))
}

/** Carries out `HeadObject`. */
export function headObject(call: Call): Answer {
  const { version, bucket } = locate(call)
  checkReadConditions(call, version)
  const stretch = requestedStretch(call, version)
  return emptyAnswer(stretch.partial ? 206 : 200, readHeaders(call, bucket, version, stretch))
}

/** Whether the content of an archived object is out of reach until it is restored. */
export function isArchived(version: ObjectVersion, nowMs: number): boolean {
  if (version.archiveStatus !== undefined) return true
  if (version.storageClass !== 'GLACIER' && version.storageClass !== 'DEEP_ARCHIVE') return false
  return version.restoredUntilMs === undefined || version.restoredUntilMs <= nowMs
}

function locate(call: Call): { bucket: Bucket; version: ObjectVersion } {
  const bucket = call.bucket()
  const versionId = call.requestedVersion
  const known = bucket.objects.get(call.key)
  const asked = versionId === undefined ? known[0] : known.find((version) => version.versionId === versionId)
  call.allow(versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion', { version: asked })
  const version = findVersion(call, { bucket, key: call.key, versionId })
  refuseEncryptionHeader(call)
  checkCustomerKey(version.encryption, call.headers, customerKeyPrefix)
  return { bucket, version }
}

/** How an object is encrypted is not asked for in a read (API reference, GetObject). */
function refuseEncryptionHeader(call: Call): void {
  const name = 'x-amz-server-side-encryption'
  const value = call.header(name)
  if (value === undefined) return
  throw invalidArgument(name, value, 'x-amz-server-side-encryption header is not supported for this operation.')
}

function readHeaders(call: Call, bucket: Bucket, version: ObjectVersion, stretch: Stretch): HeaderList {
  const size = version.body.sizeBytes
  const tagCount =
    version.tags.length > 0 && call.can('s3:GetObjectTagging', { version }) ? version.tags.length : undefined
  return [
    ['accept-ranges', 'bytes'],
    ['last-modified', httpDate(version.lastModifiedMs)],
    ['etag', `"${version.etag}"`],
    ['content-length', stretch.end - stretch.start],
    ['content-range', stretch.partial ? `bytes ${stretch.start}-${stretch.end - 1}/${size}` : undefined],
    ['x-amz-mp-parts-count', stretch.partsCount],
    ['x-amz-version-id', versionHeader(bucket, version)],
    ['x-amz-storage-class', version.storageClass === 'STANDARD' ? undefined : version.storageClass],
    ['x-amz-archive-status', version.archiveStatus],
    ['x-amz-restore', restoreHeader(version, call.nowMs)],
    ['x-amz-replication-status', version.replicationStatus],
    ['x-amz-missing-meta', version.missingMetadata],
    ['x-amz-tagging-count', tagCount],
    ['x-amz-website-redirect-location', version.redirect],
    ['x-amz-expiration', expirationHeader(bucket, version)],
    ...encryptionHeaders(version.encryption),
    ...lockHeaders(call, version),
    ...readChecksum(call, version, stretch),
    ...contentOverrides(call, version),
    ...metadataHeaders(version.metadata),
  ]
}

function restoreHeader(version: ObjectVersion, nowMs: number): string | undefined {
  const until = version.restoredUntilMs
  if (until === undefined || until <= nowMs) return undefined
  return `ongoing-request="false", expiry-date="${httpDate(until)}"`
}

/** Only on request, and only if the answer holds what the checksum is of. */
function readChecksum(call: Call, version: ObjectVersion, stretch: Stretch): HeaderList {
  const { checksum } = version
  if (call.header('x-amz-checksum-mode')?.toUpperCase() !== 'ENABLED' || checksum === undefined) return []
  if (stretch.part !== undefined && checksum.type === 'COMPOSITE') {
    return [
      [checksumHeader(checksum.algorithm), stretch.part.checksum],
      ['x-amz-checksum-type', checksum.type],
    ]
  }
  return stretch.end - stretch.start === version.body.sizeBytes ? checksumHeaders(checksum) : []
}

/** Content headers, with what the `response-` parameters put in their place. */
function contentOverrides(call: Call, version: ObjectVersion): HeaderList {
  const overrides = contentHeaders.map((name) => [name, call.request.query.get(`response-${name}`)] as const)
  if (call.identity.anonymous && overrides.some(([, value]) => value !== undefined)) {
    throw invalidRequest('Request specific response headers cannot be used for anonymous GET requests.')
  }
  for (const [name, value] of overrides) {
    // Anything else could not be a header, and would split the answer.
    if (value !== undefined && !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw invalidArgument(`response-${name}`, value, 'Header value cannot be represented using ISO-8859-1.')
    }
  }
  const kept = new Map(version.headers)
  for (const [name, value] of overrides) if (value !== undefined) kept.set(name, value)
  return [...kept]
}

/** The bytes, or a stream of them that keeps them from being removed while it is read. */
async function openBody(blobs: BlobStore, body: Body): Promise<Uint8Array | ReadableStream> {
  if (body.sizeBytes <= wholeBytes) {
    const chunks = []
    for await (const chunk of readBody(blobs, body)) chunks.push(chunk)
    const [only] = chunks
    return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
  }
  retainBody(blobs, body)
  const chunks = readBody(blobs, body)
  let released = false
  const release = () => {
    if (!released) releaseBody(blobs, body)
    released = true
  }
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done) {
        release()
        controller.close()
      } else controller.enqueue(value)
    },
    async cancel() {
      release()
      await chunks.return(undefined)
    },
  })
}
