import type { ObjectChecksum, ObjectRef, ObjectState } from '../../../model/object.js'
import { checksumAlgorithmOf, checksumFields, checksumFrom } from '../protocol/checksums.js'
import { legalHoldOf, retentionOf } from '../protocol/lock.js'
import { namedVersion } from '../protocol/version-id.js'
import { copyOf } from './text.js'
import type { WireAnswer } from './transport.js'

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
  'x-amz-checksum-type': 'checksumType',
  'x-amz-request-id': 'requestId',
  // Other names of the same, which the SDK prefers.
  'x-amzn-requestid': 'other',
  'x-amzn-request-id': 'other',
} as const

type Field = (typeof fields)[keyof typeof fields]
const names = [...new Set(Object.values(fields))]
/** Where each field stands among the values that were found: a name that varies would be looked up again each time. */
const at = Object.freeze(Object.fromEntries(names.map((field, index) => [field, index]))) as Readonly<
  Record<Field, number>
>

/** Values by {@link at}. */
type Found = (string | undefined)[]
const nothing: Found = names.map(() => undefined)

/** What a header is: the place of a field, the name of an entry of the metadata, a checksum, or nothing that is read. */
type Meaning = number | string | { readonly algorithm: string } | undefined

const metadataPrefix = 'x-amz-meta-'
/** By their names as they were sent: nearly all answers have the same. */
const meanings = new Map<string, Meaning>()
const mostMeanings = 256

function meaningOf(name: string): Meaning {
  if (meanings.has(name)) return meanings.get(name)
  const lowerCase = name.toLowerCase()
  const meaning = Object.hasOwn(fields, lowerCase)
    ? at[fields[lowerCase as keyof typeof fields]]
    : lowerCase.startsWith(metadataPrefix)
      ? lowerCase.slice(metadataPrefix.length)
      : checksumMeaning(lowerCase)
  if (meanings.size < mostMeanings) meanings.set(copyOf(name), meaning)
  return meaning
}

function checksumMeaning(name: string): Meaning {
  const algorithm = checksumAlgorithmOf(name)
  return algorithm === undefined ? undefined : { algorithm: copyOf(algorithm) }
}

/** The first names of the last answer, in their order, and what they mean: most often those of the next one as well. */
const lastNames: string[] = []
const lastMeanings: Meaning[] = []
const mostLastNames = 64

/** @param place of the name among all names */
function meaningAt(place: number, name: string): Meaning {
  if (lastNames[place] === name) return lastMeanings[place]
  const meaning = meaningOf(name)
  if (place <= lastNames.length && place < mostLastNames) {
    lastNames[place] = name
    lastMeanings[place] = meaning
  }
  return meaning
}

/** The state that an answer shows, or `undefined` for the SDK to say. */
export function stateOf(ref: ObjectRef, { status, rawHeaders }: WireAnswer): ObjectState | undefined {
  if (status !== 200) return undefined
  // Without a prototype, and not in the slower form that `Object.create(null)` has.
  const metadata: Record<string, string> = Object.setPrototypeOf({}, null)
  const found = nothing.slice()
  let checksums = noChecksums
  for (let place = 0; place * 2 + 1 < rawHeaders.length; place += 1) {
    const meaning = meaningAt(place, rawHeaders[place * 2] as string)
    if (meaning === undefined) continue
    const value = rawHeaders[place * 2 + 1] as string
    if (typeof meaning === 'number') {
      if (meaning === at.versionId && namedVersion(value) === undefined) continue
      if (found[meaning] !== undefined || value === '') return undefined
      found[meaning] = value
    } else if (typeof meaning === 'object') {
      const { algorithm } = meaning
      if (value === '' || checksums.some((other) => other.algorithm === algorithm)) return undefined
      checksums = [...checksums, { algorithm, value }]
    } else {
      if (metadata[meaning] !== undefined) return undefined
      metadata[meaning] = value
    }
  }
  if (found[at.other] !== undefined) return undefined
  const type = found[at.checksumType]
  return assemble(
    ref,
    found,
    metadata,
    checksums.map(({ algorithm, value }) => checksumFrom(algorithm, value, type)),
  )
}

interface ShownChecksum {
  readonly algorithm: string
  readonly value: string
}
const noChecksums: readonly ShownChecksum[] = []

const digits = /^\d{1,15}$/

function assemble(
  ref: ObjectRef,
  found: Found,
  metadata: Record<string, string>,
  shownChecksums: readonly ObjectChecksum[],
): ObjectState | undefined {
  const [etag, modified, expires] = [found[at.etag], found[at.lastModified], found[at.expires]]
  const [contentLength, missingMeta] = [found[at.contentLength], found[at.missingMeta]]
  const [tagCount, partsCount] = [found[at.tagCount], found[at.partsCount]]
  const [bucketKeyEnabled, retainUntil] = [found[at.bucketKeyEnabled], found[at.retainUntil]]
  if (etag === undefined || modified === undefined) return undefined
  const lastModified = isoOfHttpDate(modified)
  if (lastModified === undefined) return undefined
  // The SDK refuses some texts that are not dates and takes others as they are.
  if (expires !== undefined && isoOfHttpDate(expires) === undefined) return undefined
  for (const number of [contentLength, missingMeta, tagCount, partsCount]) {
    if (number !== undefined && !digits.test(number)) return undefined
  }
  if (bucketKeyEnabled !== undefined && bucketKeyEnabled !== 'true' && bucketKeyEnabled !== 'false') return undefined
  const until = retainUntil === undefined ? undefined : isoOfTimestamp(retainUntil)
  if (until === undefined && retainUntil !== undefined) return undefined
  const { checksum, checksums } = checksumFields(shownChecksums)
  // One literal with every field, and nothing spread into it: that would take three times the memory.
  return {
    bucket: ref.bucket,
    key: ref.key,
    versionId: found[at.versionId] ?? ref.versionId,
    sizeBytes: numberOf(contentLength),
    etag,
    lastModified,
    metadata,
    missingMetadata: numberOf(missingMeta),
    headers: {
      contentType: found[at.contentType],
      contentEncoding: found[at.contentEncoding],
      contentLanguage: found[at.contentLanguage],
      contentDisposition: found[at.contentDisposition],
      cacheControl: found[at.cacheControl],
      expires,
      websiteRedirectLocation: found[at.websiteRedirectLocation],
    },
    storageClass: found[at.storageClass],
    archiveStatus: found[at.archiveStatus],
    restore: found[at.restore],
    encryption: {
      algorithm: found[at.sse],
      kmsKeyId: found[at.kmsKeyId],
      bucketKeyEnabled: bucketKeyEnabled === undefined ? undefined : bucketKeyEnabled === 'true',
      customerAlgorithm: found[at.customerAlgorithm],
    },
    checksum,
    checksums,
    replicationStatus: found[at.replicationStatus],
    tagCount: numberOf(tagCount),
    // What no HEAD shows and a full reading adds: all states have the same members.
    tags: undefined,
    acl: undefined,
    legalHold: legalHoldOf(found[at.legalHold]),
    retention: retentionOf(found[at.lockMode], until),
    partsCount: numberOf(partsCount) ?? partsOfEtag(etag),
    requestId: found[at.requestId],
    status: 200,
  }
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
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
