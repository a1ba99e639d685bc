import type { Answer } from '../../http/answer.js'
import { ownerId } from '../auth/identity.js'
import type { Call } from '../call.js'
import { invalidArgument } from '../http/errors.js'
import { longXmlAnswer, ownerXml } from '../http/respond.js'
import { isoSeconds } from '../http/time.js'
import { leaf, type Markup, xmlPieces } from '../http/xml.js'
import type { ObjectVersion } from '../state/object-version.js'
import type { Bucket } from '../state/state.js'
import { sequenceOfVersion } from '../state/version-id.js'
import { commonPrefixesXml, encodedLeaf, listingParameters, listPage } from './listing.js'
import { checksumXml } from './objects.js'

/** Carries out `ListObjectVersions`. */
export function listObjectVersions(call: Call): Answer {
  const bucket = call.bucket()
  call.allow('s3:ListBucketVersions')
  const parameters = listingParameters(call, 'max-keys')
  const { query } = call.request
  const keyMarker = query.get('key-marker') ?? ''
  const versionMarker = query.get('version-id-marker')
  if (versionMarker !== undefined && keyMarker === '') {
    throw invalidArgument(
      'version-id-marker',
      versionMarker,
      'A version-id marker cannot be specified without a key marker.',
    )
  }
  if (versionMarker === '') {
    throw invalidArgument('version-id-marker', versionMarker, 'A version-id marker cannot be empty.')
  }
  const start = { after: keyMarker, inclusive: versionMarker !== undefined }
  const page = listPage(bucket.objects.ordered(), parameters, start, (key) => {
    const versions = bucket.objects.get(key)
    return key === keyMarker && versionMarker !== undefined
      ? versionsAfter(bucket.settings.name, versions, versionMarker)
      : versions
  })
  const { encode, prefix, delimiter, most, encoding } = parameters
  const last = page.truncated ? page.last : undefined
  const nextKey = last === undefined ? undefined : 'key' in last ? last.key : last.commonPrefix
  return longXmlAnswer(
    xmlPieces(
      'ListVersionsResult',
      leaf('Name', bucket.settings.name),
      encodedLeaf('Prefix', encode(prefix)),
      encodedLeaf('KeyMarker', encode(keyMarker)),
      leaf('VersionIdMarker', versionMarker ?? ''),
      encodedLeaf('NextKeyMarker', nextKey === undefined ? undefined : encode(nextKey)),
      leaf('NextVersionIdMarker', last !== undefined && 'key' in last ? last.entry.versionId : undefined),
      leaf('MaxKeys', most),
      encodedLeaf('Delimiter', delimiter === '' ? undefined : encode(delimiter)),
      leaf('EncodingType', encoding),
      leaf('IsTruncated', page.truncated),
      ...page.entries.map(({ entry }) => versionXml(bucket, entry, encode)),
      commonPrefixesXml(page.commonPrefixes, encode),
    ),
  )
}

function versionsAfter(bucket: string, versions: readonly ObjectVersion[], marker: string): readonly ObjectVersion[] {
  const at = versions.findIndex(({ versionId }) => versionId === marker)
  if (at >= 0) return versions.slice(at + 1)
  // The version of the marker may be gone by now: what is older follows.
  const sequence = sequenceOfVersion(bucket, marker)
  return sequence === undefined ? [] : versions.filter((version) => version.sequence < sequence)
}

const owner = ownerXml(ownerId)

function versionXml(bucket: Bucket, version: ObjectVersion, encode: (text: string) => Markup): Markup {
  const { key, versionId, lastModifiedMs, etag, body, storageClass } = version
  const isLatest = bucket.objects.current(key) === version
  const common = `<Key>${encode(key)}</Key><VersionId>${versionId}</VersionId><IsLatest>${isLatest}</IsLatest><LastModified>${isoSeconds(lastModifiedMs)}</LastModified>`
  if (version.deleteMarker) return `<DeleteMarker>${common}${owner}</DeleteMarker>`
  return `<Version>${common}<ETag>&quot;${etag}&quot;</ETag>${checksumXml(version)}<Size>${body.sizeBytes}</Size><StorageClass>${storageClass}</StorageClass>${owner}</Version>`
}
