import { createHash, randomBytes } from 'node:crypto'
import type { Answer } from '../../http/answer.js'
import type { Fields } from '../../http/fields.js'
import type { Call } from '../call.js'
import { joinBodies, readBody, releaseBody, retainBody, sliceBody, storeBody } from '../content/blobs.js'
import {
  checkChecksumType,
  checksumHeader,
  checksumOf,
  checksumOfAll,
  defaultChecksumType,
  readAlgorithm,
} from '../content/checksums.js'
import { readPartNumber } from '../content/ranges.js'
import { invalidArgument, invalidRequest, S3Error } from '../http/errors.js'
import { emptyAnswer, xmlAnswer } from '../http/respond.js'
import { leaf, xmlDocument } from '../http/xml.js'
import { checkSourceConditions } from '../objects/conditions.js'
import { copyResult } from '../objects/copy.js'
import { findSource } from '../objects/copy-source.js'
import { customerKey, customerKeyPrefix, encryptionHeaders } from '../objects/encryption.js'
import { requireDigest, withDefaultRetention } from '../objects/lock.js'
import { allowWrite, propertiesFromHeaders } from '../objects/properties.js'
import { contentEtag } from '../objects/write.js'
import type { Body, ChecksumAlgorithm, ChecksumType } from '../state/object-version.js'
import type { MultipartUpload, UploadPart } from '../state/state.js'

/** Carries out `CreateMultipartUpload`. */
export function createMultipartUpload(call: Call): Answer {
  allowWrite(call)
  const { settings } = call.bucket()
  const { headers, store } = call
  const properties = propertiesFromHeaders(headers, settings, call.nowMs)
  const checksumAlgorithm = readAlgorithm(headers.get('x-amz-checksum-algorithm'), 'x-amz-checksum-algorithm')
  const upload: MultipartUpload = {
    uploadId: randomBytes(48).toString('base64url').replaceAll('-', '.'),
    key: call.key,
    initiatedMs: call.nowMs,
    sequence: store.nextSequence(),
    properties,
    checksumAlgorithm,
    checksumType: readChecksumType(headers.get('x-amz-checksum-type'), checksumAlgorithm),
    parts: new Map(),
  }
  store.saveUpload(settings.name, upload)
  return xmlAnswer(
    xmlDocument(
      'InitiateMultipartUploadResult',
      leaf('Bucket', settings.name),
      leaf('Key', upload.key),
      leaf('UploadId', upload.uploadId),
    ),
    [
      ...encryptionHeaders(properties.encryption),
      ['x-amz-checksum-algorithm', upload.checksumAlgorithm],
      ['x-amz-checksum-type', upload.checksumType],
    ],
  )
}

function readChecksumType(value: string | null, algorithm: ChecksumAlgorithm | undefined): ChecksumType | undefined {
  if (value === null) return algorithm === undefined ? undefined : defaultChecksumType(algorithm)
  const type = value.toUpperCase()
  if (type !== 'FULL_OBJECT' && type !== 'COMPOSITE') {
    throw invalidRequest('Value for x-amz-checksum-type header is invalid.')
  }
  if (algorithm === undefined) {
    throw invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.')
  }
  checkChecksumType(algorithm, type)
  return type
}

/** The upload that a request names. */
export function findUpload(call: Call): MultipartUpload {
  const uploadId = call.request.query.get('uploadId') ?? ''
  const upload = call.bucket().uploads.get(uploadId)
  if (upload === undefined || upload.key !== call.key) {
    throw new S3Error('NoSuchUpload', { details: [['UploadId', uploadId]] })
  }
  return upload
}

/** Algorithm of the checksums of parts: S3 falls back to CRC64NVME. */
export function partAlgorithm(upload: MultipartUpload): ChecksumAlgorithm {
  return upload.checksumAlgorithm ?? 'CRC64NVME'
}

/** A part comes with the key that the upload was begun with. */
function checkPartKey({ properties }: MultipartUpload, headers: Fields): void {
  const { customerKeyMd5 } = properties.encryption
  const given = customerKey(headers, customerKeyPrefix)?.customerKeyMd5
  if (given === customerKeyMd5) return
  if (given !== undefined && customerKeyMd5 !== undefined) {
    throw invalidRequest('The provided encryption parameters did not match the ones used originally.')
  }
  throw invalidRequest(
    'The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.',
  )
}

/** Carries out `UploadPart`. */
export async function uploadPart(call: Call): Promise<Answer> {
  call.allow('s3:PutObject')
  const number = readPartNumber(call.request.query.get('partNumber') ?? '')
  const upload = findUpload(call)
  checkPartKey(upload, call.headers)
  const payload = await call.upload()
  const { settings } = call.bucket()
  const lock = withDefaultRetention(upload.properties, settings, call.nowMs)
  requireDigest(lock, payload.hasContentMd5 || payload.checksum !== undefined, 'Part')
  const given = payload.checksum
  if (upload.checksumAlgorithm !== undefined && given !== undefined && given.algorithm !== upload.checksumAlgorithm) {
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksumAlgorithm.toLowerCase()}, actual checksum Type: ${given.algorithm.toLowerCase()}`,
    )
  }
  const algorithm = partAlgorithm(upload)
  const checksum = given?.algorithm === algorithm ? given.value : checksumOf(algorithm, payload.bytes)
  const body = await storeBody(call.store.blobs, payload.bytes)
  const etag = payload.md5()
  savePart(call, body, { number, sizeBytes: payload.bytes.length, checksum, etag })
  return emptyAnswer(200, [
    ['etag', `"${etag}"`],
    ...encryptionHeaders(upload.properties.encryption),
    given === undefined ? ['', undefined] : [checksumHeader(given.algorithm), given.value],
  ])
}

function savePart(call: Call, body: Body, part: Omit<UploadPart, 'body' | 'lastModifiedMs'>): UploadPart {
  const { store, nowMs } = call
  retainBody(store.blobs, body)
  try {
    const { uploadId } = findUpload(call)
    const stored = { ...part, body, lastModifiedMs: nowMs }
    store.savePart(call.bucketName, uploadId, stored)
    return stored
  } finally {
    releaseBody(store.blobs, body)
  }
}

/** Carries out `UploadPartCopy`. */
export async function uploadPartCopy(call: Call): Promise<Answer> {
  call.allow('s3:PutObject')
  const number = readPartNumber(call.request.query.get('partNumber') ?? '')
  const upload = findUpload(call)
  checkPartKey(upload, call.headers)
  const { version } = findSource(call)
  checkSourceConditions(call, version)
  const { blobs } = call.store
  const body = copiedRange(call, version.body)
  const { maxUploadSizeBytes } = call.simulation.limits
  if (body.sizeBytes > maxUploadSizeBytes) {
    throw invalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${maxUploadSizeBytes}`,
    )
  }
  retainBody(blobs, body)
  try {
    const algorithm = partAlgorithm(upload)
    const part = savePart(call, body, {
      number,
      sizeBytes: body.sizeBytes,
      checksum: await checksumOfAll(algorithm, readBody(blobs, body)),
      etag: await contentEtag(call, body, { algorithm: 'AES256' }),
    })
    const checksum = upload.checksumAlgorithm && { algorithm: upload.checksumAlgorithm, value: part.checksum ?? '' }
    return xmlAnswer(copyResult('CopyPartResult', { ...part, checksum }), [
      ['x-amz-copy-source-version-id', version.versionId === 'null' ? undefined : version.versionId],
      ...encryptionHeaders(upload.properties.encryption),
    ])
  } finally {
    releaseBody(blobs, body)
  }
}

function copiedRange(call: Call, body: Body): Body {
  const range = call.header('x-amz-copy-source-range')
  if (range === undefined) return joinBodies([body])
  const match = /^bytes=(\d+)-(\d+)$/.exec(range)
  if (match === null || Number(match[1]) > Number(match[2])) {
    throw invalidArgument(
      'x-amz-copy-source-range',
      range,
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
    )
  }
  const [first, last] = [Number(match[1]), Number(match[2])]
  if (first >= body.sizeBytes) throw invalidRequest('The specified copy range is invalid for the source object size')
  if (last >= body.sizeBytes) {
    throw invalidArgument(
      'x-amz-copy-source-range',
      range,
      `Range specified is not valid for source object of size: ${body.sizeBytes}`,
    )
  }
  return sliceBody(body, first, last + 1)
}

/** Carries out `AbortMultipartUpload`. */
export function abortMultipartUpload(call: Call): Answer {
  call.allow('s3:AbortMultipartUpload')
  call.store.removeUpload(call.bucketName, findUpload(call))
  return emptyAnswer(204)
}

/** ETag of an object of several parts: the MD5 of their MD5s, and their number. */
export function multipartEtag(parts: readonly UploadPart[]): string {
  const hash = createHash('md5')
  for (const { etag } of parts) hash.update(Buffer.from(etag, 'hex'))
  return `${hash.digest('hex')}-${parts.length}`
}
