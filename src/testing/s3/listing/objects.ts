import type { Answer } from '../../http/answer.js'
import { ownerId } from '../auth/identity.js'
import type { Call } from '../call.js'
import { invalidArgument } from '../http/errors.js'
import { longXmlAnswer, ownerXml } from '../http/respond.js'
import { isoSeconds } from '../http/time.js'
import { leaf, type Markup, xmlPieces } from '../http/xml.js'
import type { ObjectVersion } from '../state/object-version.js'
import type { Bucket } from '../state/state.js'
import {
  commonPrefixesXml,
  encodedLeaf,
  type ListingParameters,
  listingParameters,
  listPage,
  type Page,
} from './listing.js'

function currentPage(bucket: Bucket, parameters: ListingParameters, after: string): Page<ObjectVersion> {
  return listPage(bucket.objects.ordered(), parameters, { after }, (key) => {
    const current = bucket.objects.current(key)
    return current === undefined || current.deleteMarker ? [] : [current]
  })
}

const owner = ownerXml(ownerId)

function objectXml(version: ObjectVersion, encode: (text: string) => Markup, withOwner: boolean): Markup {
  const { key, lastModifiedMs, etag, body, storageClass } = version
  return `<Contents><Key>${encode(key)}</Key><LastModified>${isoSeconds(lastModifiedMs)}</LastModified><ETag>&quot;${etag}&quot;</ETag>${checksumXml(version)}<Size>${body.sizeBytes}</Size>${withOwner ? owner : ''}<StorageClass>${storageClass}</StorageClass></Contents>`
}

/** Listings tell which checksum an object has, not its value. */
export function checksumXml({ checksum }: ObjectVersion): Markup {
  if (checksum === undefined) return ''
  return `<ChecksumAlgorithm>${checksum.algorithm}</ChecksumAlgorithm><ChecksumType>${checksum.type}</ChecksumType>`
}

/** Carries out `ListObjectsV2`. */
export function listObjectsV2(call: Call): Answer {
  const bucket = call.bucket()
  call.allow('s3:ListBucket')
  const parameters = listingParameters(call, 'max-keys')
  const { query } = call.request
  const token = query.get('continuation-token')
  const startAfter = query.get('start-after')
  const after = token === undefined ? (startAfter ?? '') : readToken(token)
  const page = currentPage(bucket, parameters, after)
  const { encode, prefix, delimiter, most, encoding } = parameters
  const withOwner = query.get('fetch-owner')?.toLowerCase() === 'true'
  return longXmlAnswer(
    xmlPieces(
      'ListBucketResult',
      leaf('Name', bucket.settings.name),
      encodedLeaf('Prefix', encode(prefix)),
      encodedLeaf('StartAfter', startAfter === undefined || token !== undefined ? undefined : encode(startAfter)),
      leaf('ContinuationToken', token),
      leaf('NextContinuationToken', page.truncated ? writeToken(lastName(page)) : undefined),
      leaf('KeyCount', page.entries.length + page.commonPrefixes.length),
      leaf('MaxKeys', most),
      encodedLeaf('Delimiter', delimiter === '' ? undefined : encode(delimiter)),
      leaf('EncodingType', encoding),
      leaf('IsTruncated', page.truncated),
      ...page.entries.map(({ entry }) => objectXml(entry, encode, withOwner)),
      commonPrefixesXml(page.commonPrefixes, encode),
    ),
    [['x-amz-bucket-region', bucket.settings.region]],
  )
}

/** Carries out `ListObjects`. */
export function listObjects(call: Call): Answer {
  const bucket = call.bucket()
  call.allow('s3:ListBucket')
  const parameters = listingParameters(call, 'max-keys')
  const marker = call.request.query.get('marker') ?? ''
  const page = currentPage(bucket, parameters, marker)
  const { encode, prefix, delimiter, most, encoding } = parameters
  // Without a delimiter the last key itself is the next marker (API reference, ListObjects).
  const nextMarker = page.truncated && delimiter !== '' ? encode(lastName(page)) : undefined
  return longXmlAnswer(
    xmlPieces(
      'ListBucketResult',
      leaf('Name', bucket.settings.name),
      // Not encoded here, unlike in the second version of the listing.
      leaf('Prefix', prefix),
      encodedLeaf('Marker', encode(marker)),
      encodedLeaf('NextMarker', nextMarker),
      leaf('MaxKeys', most),
      encodedLeaf('Delimiter', delimiter === '' ? undefined : encode(delimiter)),
      leaf('EncodingType', encoding),
      leaf('IsTruncated', page.truncated),
      ...page.entries.map(({ entry }) => objectXml(entry, encode, true)),
      commonPrefixesXml(page.commonPrefixes, encode),
    ),
    [['x-amz-bucket-region', bucket.settings.region]],
  )
}

function lastName(page: Page<ObjectVersion>): string {
  if (page.last === undefined) return ''
  return 'key' in page.last ? page.last.key : page.last.commonPrefix
}

// A token is opaque: not a key in plain sight that somebody could begin to rely on.
function writeToken(name: string): string {
  return Buffer.from(`1/${name}`).toString('base64')
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64').toString('utf8')
  if (token === '' || !text.startsWith('1/') || writeToken(text.slice(2)) !== token) {
    throw invalidArgument('continuation-token', token, 'The continuation token provided is incorrect')
  }
  return text.slice(2)
}
