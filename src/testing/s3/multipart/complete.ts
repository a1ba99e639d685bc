import type { Answer } from '../../http/answer.js'
import { expirationHeader } from '../buckets/lifecycle.js'
import type { Call } from '../call.js'
import { joinBodies, readBody, releaseBody, retainBody } from '../content/blobs.js'
import {
  checkChecksumType,
  checksumElement,
  checksumOfAll,
  compositeChecksum,
  defaultChecksumType,
  givenChecksum,
} from '../content/checksums.js'
import { invalidRequest, S3Error } from '../http/errors.js'
import { xmlAnswer } from '../http/respond.js'
import { encodeRfc3986 } from '../http/uri.js'
import { children, childText, leaf, onlyChildren, type XmlElement, xmlDocument } from '../http/xml.js'
import { checkUntouched, checkWriteConditionForm, checkWriteConditions } from '../objects/conditions.js'
import { checkCustomerKey, customerKeyPrefix, encryptionHeaders, hasPlainEtag } from '../objects/encryption.js'
import { withDefaultRetention } from '../objects/lock.js'
import { writeVersion, writtenVersionHeader } from '../objects/versions.js'
import { allowConditions, commit } from '../objects/write.js'
import type { ObjectVersion, StoredChecksum } from '../state/object-version.js'
import type { MultipartUpload, UploadPart } from '../state/state.js'
import { findUpload, multipartEtag, partAlgorithm } from './parts.js'

interface NamedPart {
  readonly number: number
  readonly etag: string
  readonly checksums: ReadonlyMap<string, string>
}

/** Carries out `CompleteMultipartUpload`. */
export async function completeMultipartUpload(call: Call): Promise<Answer> {
  call.allow('s3:PutObject')
  allowConditions(call)
  checkWriteConditionForm(call.headers)
  findUpload(call)
  const document = await readDocument(call)
  const named = readParts(document, call.request.query.get('uploadId') ?? '')
  const upload = findUpload(call)
  if (call.headers.has(`${customerKeyPrefix}algorithm`)) {
    checkCustomerKey(upload.properties.encryption, call.headers, customerKeyPrefix)
  }
  checkClaimedType(call, upload)
  const parts = matchParts(call, upload, named)
  const body = joinBodies(parts.map((part) => part.body))
  const { blobs } = call.store
  retainBody(blobs, body)
  try {
    checkObjectSize(call, body.sizeBytes)
    const checksum = await objectChecksum(call, upload, parts)
    const version = commit(call, body, (bucket, current) => {
      // It may have been completed or aborted while the checksum was made.
      findUpload(call)
      checkWriteConditions(call, current)
      checkUntouched(call, bucket, upload)
      const written = writeVersion(call, bucket, {
        ...withDefaultRetention(upload.properties, bucket.settings, call.nowMs),
        key: upload.key,
        deleteMarker: false,
        body,
        etag: multipartEtag(parts),
        checksum,
        parts: parts.map((part) => ({ number: part.number, sizeBytes: part.sizeBytes, checksum: part.checksum })),
      })
      call.store.removeUpload(call.bucketName, upload)
      return written
    })
    return completed(call, upload, version)
  } finally {
    releaseBody(blobs, body)
  }
}

async function readDocument(call: Call): Promise<XmlElement> {
  const text = await call.text({ digestRequired: false, checksumOfObject: true })
  if (text === '') throw invalidRequest('You must specify at least one part')
  return call.parse(text, 'CompleteMultipartUpload')
}

function readParts(document: XmlElement, uploadId: string): NamedPart[] {
  onlyChildren(document, ['Part'])
  const parts = children(document, 'Part').map((part) => {
    const number = childText(part, 'PartNumber')
    const etag = childText(part, 'ETag')
    if (number === undefined || !/^\d+$/.test(number) || etag === undefined) throw new S3Error('MalformedXML')
    return {
      number: Number(number),
      etag: etag.replaceAll('"', ''),
      checksums: new Map(part.children.map((element) => [element.name, element.text])),
    }
  })
  if (parts.length === 0) throw new S3Error('MalformedXML')
  if (parts.length > 10_000) throw new S3Error('MalformedXML')
  for (const [index, part] of parts.entries()) {
    const previous = parts[index - 1]
    if (previous !== undefined && previous.number >= part.number) {
      throw new S3Error('InvalidPartOrder', { details: [['UploadId', uploadId]] })
    }
  }
  return parts
}

function isChecksum(element: string): boolean {
  return element.startsWith('Checksum')
}

function matchParts(call: Call, upload: MultipartUpload, named: readonly NamedPart[]): UploadPart[] {
  const element = checksumElement(partAlgorithm(upload))
  const parts = named.map(({ number, etag, checksums }) => {
    const part = upload.parts.get(number)
    const given = checksums.get(element)
    // An upload without an algorithm has parts without checksums, whatever was sent with them.
    const unexpected = upload.checksumAlgorithm === undefined && [...checksums.keys()].some(isChecksum)
    const differs = given !== undefined && given !== part?.checksum
    if (part === undefined || part.etag !== etag || differs || unexpected) {
      throw new S3Error('InvalidPart', {
        details: [
          ['UploadId', upload.uploadId],
          ['PartNumber', number],
          ['ETag', etag],
        ],
      })
    }
    const other = [...checksums.keys()].find((name) => isChecksum(name) && name !== element)
    if (other !== undefined) {
      throw new S3Error('BadDigest', {
        message: `The ${other.slice('Checksum'.length).toLowerCase()} you specified for part ${number} did not match what we received.`,
      })
    }
    if (upload.checksumType === 'COMPOSITE' && given === undefined) {
      throw invalidRequest(
        `The upload was created using a ${partAlgorithm(upload).toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
      )
    }
    return part
  })
  checkSizes(call, parts)
  return parts
}

/** Every part but the last must have the least size. */
function checkSizes(call: Call, parts: readonly UploadPart[]): void {
  const { minPartSizeBytes } = call.simulation.limits
  const small = parts.slice(0, -1).find((part) => part.sizeBytes < minPartSizeBytes)
  if (small === undefined) return
  throw new S3Error('EntityTooSmall', {
    details: [
      ['ProposedSize', small.sizeBytes],
      ['MinSizeAllowed', minPartSizeBytes],
      ['PartNumber', small.number],
      ['ETag', small.etag],
    ],
  })
}

function checkObjectSize(call: Call, sizeBytes: number): void {
  const expected = call.header('x-amz-mp-object-size')
  if (expected !== undefined && Number(expected) !== sizeBytes) {
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${expected} does not match what was computed: ${sizeBytes}`,
    )
  }
}

function checkClaimedType(call: Call, upload: MultipartUpload): void {
  const type = upload.checksumType ?? 'null'
  const claimed = call.header('x-amz-checksum-type')?.toUpperCase()
  if (claimed !== undefined && claimed !== type) {
    throw invalidRequest(
      `The upload was created using the ${type} checksum mode. The complete request must use the same checksum mode.`,
    )
  }
}

async function objectChecksum(
  call: Call,
  upload: MultipartUpload,
  parts: readonly UploadPart[],
): Promise<StoredChecksum | undefined> {
  const given = givenChecksum(call.headers, new Map(), { composite: true })
  const ownKey = upload.properties.encryption.customerKeyMd5 !== undefined
  // Without the key S3 has no means to read what it has stored.
  if (ownKey && upload.checksumAlgorithm === undefined && given === undefined) return undefined
  const algorithm = upload.checksumAlgorithm ?? given?.algorithm ?? 'CRC64NVME'
  const type =
    upload.checksumType ?? (upload.checksumAlgorithm === undefined ? 'FULL_OBJECT' : defaultChecksumType(algorithm))
  if (upload.checksumAlgorithm === undefined) checkChecksumType(algorithm, type)
  if (given !== undefined && given.algorithm !== algorithm) {
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${algorithm.toLowerCase()}, actual checksum Type: ${given.algorithm.toLowerCase()}`,
    )
  }
  const checksum: StoredChecksum =
    type === 'COMPOSITE'
      ? compositeChecksum(
          algorithm,
          parts.map((part) => part.checksum ?? ''),
        )
      : { algorithm, value: await wholeChecksum(call, algorithm, parts), type }
  if (given !== undefined && given.value !== checksum.value && given.value !== checksum.value.replace(/-\d+$/, '')) {
    throw new S3Error('BadDigest', {
      message: `The ${algorithm.toLowerCase()} you specified did not match the calculated checksum.`,
    })
  }
  return checksum
}

function wholeChecksum(
  call: Call,
  algorithm: StoredChecksum['algorithm'],
  parts: readonly UploadPart[],
): Promise<string> {
  return checksumOfAll(algorithm, readBody(call.store.blobs, joinBodies(parts.map((part) => part.body))))
}

function completed(call: Call, upload: MultipartUpload, version: ObjectVersion): Answer {
  const bucket = call.bucket()
  // Of what KMS encrypts, the checksum that S3 adds by itself is not told here.
  const told = upload.checksumAlgorithm !== undefined || hasPlainEtag(version.encryption)
  const checksum = told ? version.checksum : undefined
  const path = `${encodeRfc3986(call.bucketName)}/${call.key.split('/').map(encodeRfc3986).join('/')}`
  return xmlAnswer(
    xmlDocument(
      'CompleteMultipartUploadResult',
      leaf('Location', `http://${call.request.host}/${path}`),
      leaf('Bucket', call.bucketName),
      leaf('Key', call.key),
      leaf('ETag', `"${version.etag}"`),
      checksum === undefined ? '' : leaf(checksumElement(checksum.algorithm), checksum.value),
      leaf('ChecksumType', checksum?.type),
    ),
    [
      ['x-amz-version-id', writtenVersionHeader(bucket, version)],
      ['x-amz-expiration', expirationHeader(bucket, version)],
      ...encryptionHeaders(version.encryption),
    ],
  )
}
