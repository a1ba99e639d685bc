import { ownerId } from '../auth/identity.js'
import type { Call } from '../call.js'
import { invalidArgument } from '../http/errors.js'
import { ownerXml, xmlResponse } from '../http/respond.js'
import { isoSeconds } from '../http/time.js'
import { leaf, node, xmlDocument } from '../http/xml.js'
import type { ObjectVersion } from '../state/object-version.js'
import type { Bucket } from '../state/state.js'
import { commonPrefixesXml, type ListingParameters, listingParameters, listPage, type Page } from './listing.js'

function currentPage(bucket: Bucket, parameters: ListingParameters, after: string): Page<ObjectVersion> {
  return listPage(bucket.objects.ordered(), parameters, { after }, (key) => {
    const current = bucket.objects.current(key)
    return current === undefined || current.deleteMarker ? [] : [current]
  })
}

function objectXml(version: ObjectVersion, encode: (text: string) => string, withOwner: boolean): string {
  return node(
    'Contents',
    leaf('Key', encode(version.key)),
    leaf('LastModified', isoSeconds(version.lastModifiedMs)),
    leaf('ETag', `"${version.etag}"`),
    checksumXml(version),
    leaf('Size', version.body.sizeBytes),
    withOwner ? ownerXml(ownerId) : '',
    leaf('StorageClass', version.storageClass),
  )
}

/** Listings tell which checksum an object has, not its value. */
export function checksumXml({ checksum }: ObjectVersion): string {
  if (checksum === undefined) return ''
  return leaf('ChecksumAlgorithm', checksum.algorithm) + leaf('ChecksumType', checksum.type)
}

/** Carries out `ListObjectsV2`. */
export function listObjectsV2(call: Call): Response {
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
  return xmlResponse(
    xmlDocument(
      'ListBucketResult',
      leaf('Name', bucket.settings.name),
      leaf('Prefix', encode(prefix)),
      leaf('StartAfter', startAfter === undefined || token !== undefined ? undefined : encode(startAfter)),
      leaf('ContinuationToken', token),
      leaf('NextContinuationToken', page.truncated ? writeToken(lastName(page)) : undefined),
      leaf('KeyCount', page.entries.length + page.commonPrefixes.length),
      leaf('MaxKeys', most),
      leaf('Delimiter', delimiter === '' ? undefined : encode(delimiter)),
      leaf('EncodingType', encoding),
      leaf('IsTruncated', page.truncated),
      ...page.entries.map(({ entry }) => objectXml(entry, encode, withOwner)),
      commonPrefixesXml(page.commonPrefixes, encode),
    ),
    [['x-amz-bucket-region', bucket.settings.region]],
  )
}

/** Carries out `ListObjects`. */
export function listObjects(call: Call): Response {
  const bucket = call.bucket()
  call.allow('s3:ListBucket')
  const parameters = listingParameters(call, 'max-keys')
  const marker = call.request.query.get('marker') ?? ''
  const page = currentPage(bucket, parameters, marker)
  const { encode, prefix, delimiter, most, encoding } = parameters
  // Without a delimiter the last key itself is the next marker (API reference, ListObjects).
  const nextMarker = page.truncated && delimiter !== '' ? encode(lastName(page)) : undefined
  return xmlResponse(
    xmlDocument(
      'ListBucketResult',
      leaf('Name', bucket.settings.name),
      // Not encoded here, unlike in the second version of the listing.
      leaf('Prefix', prefix),
      leaf('Marker', encode(marker)),
      leaf('NextMarker', nextMarker),
      leaf('MaxKeys', most),
      leaf('Delimiter', delimiter === '' ? undefined : encode(delimiter)),
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
