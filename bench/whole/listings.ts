import { after, keyAt, lowerBound } from './layout.ts'
import { etagOf, type Objects, sizeOf, type Version } from './objects.ts'

const xmlns = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
const head = '<?xml version="1.0" encoding="UTF-8"?>\n'

// As S3 encodes for `encoding-type=url`; the keys have nothing else that would be encoded.
const encode = (text: string) => text.replaceAll('=', '%3D')

/** A bucket that is listed. */
export interface Listed {
  readonly name: string
  readonly count: number
  readonly objects: Objects
}

interface Page {
  readonly most: number
  readonly prefix: string
  readonly delimiter: string
  readonly end: number
}

function pageOf(count: number, query: URLSearchParams): Page {
  const prefix = query.get('prefix') ?? ''
  return {
    most: Math.min(1000, Number(query.get('max-keys') ?? 1000)),
    prefix,
    delimiter: query.get('delimiter') ?? '',
    end: lowerBound(count, after(prefix)),
  }
}

/** The answer to ListObjectsV2. The token names the next object. */
export function listingOf({ name, count, objects }: Listed, query: URLSearchParams): string {
  const { most, prefix, delimiter, end } = pageOf(count, query)
  const token = query.get('continuation-token')
  const startAfter = query.get('start-after')
  let at = token === null ? lowerBound(count, prefix) : Number(token.slice(1))
  if (token === null && startAfter !== null) at = Math.max(at, lowerBound(count, `${startAfter}\0`))
  let [listed, entries] = [0, '']
  while (at < end && listed < most) {
    const key = keyAt(at)
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    listed += 1
    if (cut >= 0) {
      const folder = key.slice(0, cut + delimiter.length)
      entries += `<CommonPrefixes><Prefix>${encode(folder)}</Prefix></CommonPrefixes>`
      at = lowerBound(count, after(folder))
      continue
    }
    const [current] = objects.versions(at)
    entries += `<Contents><Key>${encode(key)}</Key><LastModified>${iso(current)}</LastModified><ETag>${quoted(at)}</ETag><Size>${sizeOf(at)}</Size><StorageClass>STANDARD</StorageClass></Contents>`
    at += 1
  }
  const next = at < end ? `<NextContinuationToken>t${at}</NextContinuationToken>` : ''
  return `${head}<ListBucketResult ${xmlns}><Name>${name}</Name><Prefix>${encode(prefix)}</Prefix>${next}<KeyCount>${listed}</KeyCount><MaxKeys>${most}</MaxKeys><EncodingType>url</EncodingType><IsTruncated>${at < end}</IsTruncated>${entries}</ListBucketResult>`
}

/** The answer to ListObjectVersions. */
export function versionsOf({ name, count, objects }: Listed, query: URLSearchParams): string {
  const { most, prefix, end } = pageOf(count, query)
  const keyMarker = query.get('key-marker') ?? ''
  const idMarker = query.get('version-id-marker')
  let [listed, entries] = [0, '']
  let last: { readonly key: string; readonly id: string } | undefined
  let more = false
  const first = keyMarker === '' ? lowerBound(count, prefix) : lowerBound(count, keyMarker)
  for (let at = first; at < end && !more; at += 1) {
    const key = keyAt(at)
    const versions = objects.versions(at)
    // A marker of a key alone is behind all of its versions.
    const behind = key !== keyMarker ? 0 : idMarker === null ? versions.length : indexAfter(versions, idMarker)
    for (const [place, version] of versions.entries()) {
      if (place < behind) continue
      if (listed === most) {
        more = true
        break
      }
      listed += 1
      last = { key, id: version.id }
      entries += `<Version><Key>${encode(key)}</Key><VersionId>${version.id}</VersionId><IsLatest>${place === 0}</IsLatest><LastModified>${iso(version)}</LastModified><ETag>${quoted(at)}</ETag><Size>${sizeOf(at)}</Size><StorageClass>STANDARD</StorageClass></Version>`
    }
  }
  const next = more
    ? `<NextKeyMarker>${encode(last?.key ?? '')}</NextKeyMarker><NextVersionIdMarker>${last?.id}</NextVersionIdMarker>`
    : ''
  return `${head}<ListVersionsResult ${xmlns}><Name>${name}</Name><Prefix>${encode(prefix)}</Prefix><KeyMarker>${encode(keyMarker)}</KeyMarker><VersionIdMarker>${idMarker ?? ''}</VersionIdMarker>${next}<MaxKeys>${most}</MaxKeys><EncodingType>url</EncodingType><IsTruncated>${more}</IsTruncated>${entries}</ListVersionsResult>`
}

function indexAfter(versions: readonly Version[], id: string): number {
  return versions.findIndex((version) => version.id === id) + 1
}

function iso(version: Version | undefined): string {
  return new Date(version?.lastModified ?? 0).toISOString()
}

const quoted = (at: number) => etagOf(at).replaceAll('"', '&quot;')
