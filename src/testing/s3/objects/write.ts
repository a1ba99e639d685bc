import { createHash, randomBytes } from 'node:crypto'
import type { Answer } from '../../http/answer.js'
import { expirationHeader } from '../buckets/lifecycle.js'
import type { Call } from '../call.js'
import { readBody, releaseBody, retainBody, storeBody } from '../content/blobs.js'
import { checksumHeaders, checksumOf, type GivenChecksum } from '../content/checksums.js'
import { S3Error } from '../http/errors.js'
import { emptyAnswer, type HeaderList } from '../http/respond.js'
import type { Body, ObjectVersion, StoredChecksum, StoredEncryption } from '../state/object-version.js'
import type { Bucket } from '../state/state.js'
import { checkWriteConditionForm, checkWriteConditions } from './conditions.js'
import { encryptionHeaders, hasPlainEtag } from './encryption.js'
import { requireDigest, withDefaultRetention } from './lock.js'
import { allowWrite, propertiesFromHeaders } from './properties.js'
import { writeVersion, writtenVersionHeader } from './versions.js'

/** Carries out `PutObject`. */
export async function putObject(call: Call): Promise<Answer> {
  const { headers, store } = call
  allowWrite(call)
  allowConditions(call)
  checkWriteConditionForm(headers)
  if (headers.has('x-amz-write-offset-bytes')) {
    throw new S3Error('NotImplemented', { details: [['Header', 'x-amz-write-offset-bytes']] })
  }
  const { settings } = call.bucket()
  const properties = withDefaultRetention(propertiesFromHeaders(headers, settings, call.nowMs), settings, call.nowMs)
  const payload = await call.upload()
  requireDigest(properties, payload.hasContentMd5 || payload.checksum !== undefined, 'Object')
  const body = await storeBody(store.blobs, payload.bytes)
  const version = commit(call, body, (bucket, current) => {
    checkWriteConditions(call, current)
    return writeVersion(call, bucket, {
      ...properties,
      key: call.key,
      deleteMarker: false,
      body,
      etag: hasPlainEtag(properties.encryption) ? payload.md5() : opaqueEtag(),
      checksum: storedChecksum(payload.checksum, payload.bytes),
    })
  })
  return emptyAnswer(200, writeHeaders(call.bucket(), version))
}

/** Condition on an ETag needs the right to read it (user guide, "Conditional writes"). */
export function allowConditions(call: Call): void {
  if (call.headers.has('if-match')) call.allow('s3:GetObject')
}

/**
 * Runs the writing step of an operation on the state as it is now, and lets go of the new bytes if it fails.
 * Nothing is awaited within, so that conditions hold for what is overwritten.
 */
export function commit<T>(call: Call, body: Body, write: (bucket: Bucket, current: ObjectVersion | undefined) => T): T {
  const { blobs } = call.store
  retainBody(blobs, body)
  try {
    const bucket = call.bucket()
    return write(bucket, bucket.objects.current(call.key))
  } finally {
    releaseBody(blobs, body)
  }
}

/** An ETag that says nothing of the content, as S3 gives where it does not hold the key itself. */
export function opaqueEtag(): string {
  return randomBytes(16).toString('hex')
}

/** S3 adds a CRC64NVME to whatever comes without a checksum (user guide, "Checking object integrity"). */
function storedChecksum(given: GivenChecksum | undefined, bytes: Buffer): StoredChecksum {
  if (given !== undefined) return { ...given, type: 'FULL_OBJECT' }
  return { algorithm: 'CRC64NVME', value: checksumOf('CRC64NVME', bytes), type: 'FULL_OBJECT' }
}

/** Headers that answer a write. */
export function writeHeaders(bucket: Bucket, version: ObjectVersion): HeaderList {
  return [
    ['etag', `"${version.etag}"`],
    ['x-amz-version-id', writtenVersionHeader(bucket, version)],
    ['x-amz-expiration', expirationHeader(bucket, version)],
    ...encryptionHeaders(version.encryption),
    ...checksumHeaders(version.checksum),
  ]
}

/** ETag of content that is written as one piece. */
export async function contentEtag(call: Call, body: Body, encryption: StoredEncryption): Promise<string> {
  if (!hasPlainEtag(encryption)) return opaqueEtag()
  const hash = createHash('md5')
  for await (const chunk of readBody(call.store.blobs, body)) hash.update(chunk)
  return hash.digest('hex')
}
