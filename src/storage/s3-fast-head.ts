import type { ObjectRef, ObjectState, Retention } from '../ports.js'
import { copyOf } from './s3-fast-text.js'
import type { WireAnswer } from './s3-fast-transport.js'

/*
 * A HEAD's headers as an `ObjectState`, equal to what the SDK's parser and `toObjectState` make of them. Whatever is
 * not as S3 sends it (a doubled header, a number that is none, a date in another form, a status other than 200) gives
 * `undefined`: then the SDK reads the same answer.
 */

/** Headers that are read, with the field each becomes. */
const fields = {
  'content-length': 'contentLength',
  'content-type': 'contentType',
  'content-encoding': 'contentEncoding',
  'content-language': 'contentLanguage',
  'content-disposition': 'contentDisposition',
  'cache-control': 'cacheControl',
  expires: 'expires',
  etag: 'etag',
  'last-modified': 'lastModified',
  'x-amz-version-id': 'versionId',
  'x-amz-missing-meta': 'missingMeta',
  'x-amz-website-redirect-location': 'websiteRedirectLocation',
  'x-amz-storage-class': 'storageClass',
  'x-amz-archive-status': 'archiveStatus',
  'x-amz-restore': 'restore',
  'x-amz-server-side-encryption': 'sse',
  'x-amz-server-side-encryption-aws-kms-key-id': 'kmsKeyId',
  'x-amz-server-side-encryption-bucket-key-enabled': 'bucketKeyEnabled',
  'x-amz-server-side-encryption-customer-algorithm': 'customerAlgorithm',
  'x-amz-replication-status': 'replicationStatus',
  'x-amz-tagging-count': 'tagCount',
  'x-amz-object-lock-legal-hold': 'legalHold',
  'x-amz-object-lock-mode': 'lockMode',
  'x-amz-object-lock-retain-until-date': 'retainUntil',
  'x-amz-mp-parts-count': 'partsCount',
  'x-amz-checksum-crc64nvme': 'crc64nvme',
  'x-amz-checksum-sha256': 'sha256',
  'x-amz-checksum-sha1': 'sha1',
  'x-amz-checksum-crc32c': 'crc32c',
  'x-amz-checksum-crc32': 'crc32',
  'x-amz-checksum-type': 'checksumType',
  'x-amz-request-id': 'requestId',
  // Other names of the same, which the SDK prefers.
  'x-amzn-requestid': 'other',
  'x-amzn-request-id': 'other',
} as const

type Field = (typeof fields)[keyof typeof fields]
type Fields = { [K in Field]: string | undefined }

/** What a header is: a field, the name of an entry of the metadata, or nothing that is read. */
type Meaning = { readonly field: Field } | { readonly metadata: string } | 'nothing'

const metadataPrefix = 'x-amz-meta-'
/** By their names as they were sent: nearly all answers have the same. */
const meanings = new Map<string, Meaning>()
const mostMeanings = 256

function meaningOf(name: string): Meaning {
  const known = meanings.get(name)
  if (known !== undefined) return known
  const lowerCase = name.toLowerCase()
  const meaning = Object.hasOwn(fields, lowerCase)
    ? { field: fields[lowerCase as keyof typeof fields] }
    : lowerCase.startsWith(metadataPrefix)
      ? { metadata: lowerCase.slice(metadataPrefix.length) }
      : 'nothing'
  if (meanings.size < mostMeanings) meanings.set(copyOf(name), meaning)
  return meaning
}

/** All fields in one order, so that every answer has the same shape. */
const nothing = Object.fromEntries(Object.values(fields).map((field) => [field, undefined])) as Fields

/** The state that an answer shows, or `undefined` for the SDK to say. */
export function stateOf(ref: ObjectRef, { status, rawHeaders }: WireAnswer): ObjectState | undefined {
  if (status !== 200) return undefined
  const metadata: Record<string, string> = Object.create(null)
  const found: Fields = { ...nothing }
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const meaning = meaningOf(rawHeaders[at] as string)
    if (meaning === 'nothing') continue
    const value = rawHeaders[at + 1] as string
    if ('field' in meaning) {
      const { field } = meaning
      if (found[field] !== undefined || value === '') return undefined
      found[field] = value
    } else {
      if (metadata[meaning.metadata] !== undefined) return undefined
      metadata[meaning.metadata] = value
    }
  }
  return found.other === undefined ? assemble(ref, found, metadata) : undefined
}

const digits = /^\d{1,15}$/

function assemble(ref: ObjectRef, found: Fields, metadata: Record<string, string>): ObjectState | undefined {
  const { etag, contentLength, missingMeta, tagCount, partsCount, bucketKeyEnabled, retainUntil } = found
  if (etag === undefined || found.lastModified === undefined) return undefined
  const lastModified = isoOfHttpDate(found.lastModified)
  if (lastModified === undefined) return undefined
  // The SDK refuses some texts that are no dates and takes others as they are.
  if (found.expires !== undefined && isoOfHttpDate(found.expires) === undefined) return undefined
  for (const number of [contentLength, missingMeta, tagCount, partsCount]) {
    if (number !== undefined && !digits.test(number)) return undefined
  }
  if (bucketKeyEnabled !== undefined && bucketKeyEnabled !== 'true' && bucketKeyEnabled !== 'false') return undefined
  const until = retainUntil === undefined ? undefined : isoOfTimestamp(retainUntil)
  if (until === undefined && retainUntil !== undefined) return undefined
  return {
    bucket: ref.bucket,
    key: ref.key,
    versionId: found.versionId ?? ref.versionId,
    sizeBytes: contentLength === undefined ? 0 : Number(contentLength),
    etag,
    lastModified,
    metadata,
    missingMetadata: numberOf(missingMeta),
    headers: {
      contentType: found.contentType,
      contentEncoding: found.contentEncoding,
      contentLanguage: found.contentLanguage,
      contentDisposition: found.contentDisposition,
      cacheControl: found.cacheControl,
      expires: found.expires,
      websiteRedirectLocation: found.websiteRedirectLocation,
    },
    storageClass: found.storageClass,
    archiveStatus: found.archiveStatus,
    restore: found.restore,
    encryption: {
      algorithm: found.sse,
      kmsKeyId: found.kmsKeyId,
      bucketKeyEnabled: bucketKeyEnabled === undefined ? undefined : bucketKeyEnabled === 'true',
      customerAlgorithm: found.customerAlgorithm,
    },
    checksum: checksumOf(found),
    replicationStatus: found.replicationStatus,
    tagCount: numberOf(tagCount),
    legalHold: found.legalHold as ObjectState['legalHold'],
    retention: retentionOf(found.lockMode, until),
    partsCount: numberOf(partsCount) ?? partsOfEtag(etag),
    requestId: found.requestId,
    status: 200,
  }
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}

function retentionOf(mode: string | undefined, until: string | undefined): Retention | undefined {
  if ((mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') || until === undefined) return undefined
  return { mode, retainUntilDate: until }
}

function checksumOf(found: Fields): ObjectState['checksum'] {
  if (found.crc64nvme !== undefined) return checksum('CRC64NVME', found.crc64nvme, found)
  if (found.sha256 !== undefined) return checksum('SHA256', found.sha256, found)
  if (found.sha1 !== undefined) return checksum('SHA1', found.sha1, found)
  if (found.crc32c !== undefined) return checksum('CRC32C', found.crc32c, found)
  return found.crc32 === undefined ? undefined : checksum('CRC32', found.crc32, found)
}

function checksum(algorithm: string, value: string, { checksumType }: Fields): ObjectState['checksum'] {
  const type = checksumType ?? (/-\d+$/.test(value) ? 'COMPOSITE' : 'FULL_OBJECT')
  return { algorithm, value, type: type as 'COMPOSITE' | 'FULL_OBJECT' }
}

/** A multipart ETag ends in the number of its parts. */
function partsOfEtag(etag: string): number | undefined {
  if (!etag.includes('-')) return undefined
  const counted = /-(\d+)"?$/.exec(etag)?.[1]
  return counted === undefined ? undefined : Number(counted)
}

const httpDate =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d GMT$/
const months = 'JanFebMarAprMayJunJulAugSepOctNovDec'

/** `Wed, 21 Oct 2015 07:28:00 GMT` as `2015-10-21T07:28:00.000Z`, without a Date for what no Date can doubt. */
function isoOfHttpDate(text: string): string | undefined {
  if (!httpDate.test(text)) return undefined
  const day = text.slice(5, 7)
  if (day < '01' || day > '28') {
    const date = new Date(text)
    return date.getUTCDate() === Number(day) ? date.toISOString() : undefined
  }
  const month = months.indexOf(text.slice(8, 11)) / 3 + 1
  return `${text.slice(12, 16)}-${month < 10 ? '0' : ''}${month}-${day}T${text.slice(17, 25)}.000Z`
}

const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/

function isoOfTimestamp(text: string): string | undefined {
  if (!timestamp.test(text)) return undefined
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
