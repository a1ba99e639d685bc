import { LegalHoldError, type Stage } from '../errors.js'
import { retrying } from '../internal/retry.js'
import type { CallOptions, ListedVersion } from '../ports.js'
import { decodeKey, type ListContext } from './s3-list.js'
import { invalidAnswer, type S3Output, type S3Requests } from './s3-requests.js'

/** One entry of a key's history. */
export interface VersionEntry {
  readonly versionId: string
  readonly deleteMarker: boolean
}

/**
 * The version or delete marker that lies right beneath `after`, or on top without it. One entry a request: S3 answers
 * versions and markers in separate lists, whose order among each other is lost as soon as there are two.
 */
export async function nextVersion(
  requests: S3Requests,
  at: { readonly key: string; readonly after?: string | undefined },
  stage: Stage,
  call: CallOptions,
): Promise<VersionEntry | undefined> {
  const { output } = await requests.send(
    'ListObjectVersions',
    {
      Prefix: at.key,
      MaxKeys: 1,
      EncodingType: 'url',
      ...(at.after === undefined ? {} : { KeyMarker: at.key, VersionIdMarker: at.after }),
    },
    { stage, signal: call.signal },
  )
  if (output.IsTruncated === undefined && output.Name === undefined) {
    const context = { operation: 'ListObjectVersions', stage, bucket: requests.bucket, key: at.key, mutation: false }
    throw invalidAnswer(context, 'something other than a list of versions')
  }
  const version = output.Versions?.[0]
  const marker = output.DeleteMarkers?.[0]
  const entry = version ?? marker
  // Longer keys with this prefix follow the key's own history.
  if (entry?.Key === undefined || decodeKey(entry.Key, output.EncodingType) !== at.key) return undefined
  return { versionId: entry.VersionId ?? 'null', deleteMarker: version === undefined }
}

type Page = S3Output<'ListObjectVersions'>

/** Where a page begins. */
interface Markers {
  readonly KeyMarker?: string
  readonly VersionIdMarker?: string
}

/**
 * Versions and delete markers under a prefix, the versions of a key newest first. The SDK sorts an answer into two
 * lists; markers and versions of a key are put in order by their dates again, the current one on top.
 */
export async function* listVersions(
  context: ListContext,
  { prefix, startAfter }: { readonly prefix: string; readonly startAfter?: string | undefined },
  call: CallOptions,
): AsyncGenerator<ListedVersion> {
  let markers: Markers | undefined = startAfter === undefined ? {} : { KeyMarker: startAfter }
  while (markers !== undefined) {
    const page: Page = await fetchPage(context, prefix, markers, call)
    for (const entry of entriesOf(page, context.requests.bucket)) {
      // Ceph RGW begins with the versions of the very key that is named as marker; S3 begins after them.
      if (entry.key !== startAfter) yield entry
    }
    markers = nextMarkers(page, markers, context.requests.bucket)
  }
}

function fetchPage({ requests, retry, clock }: ListContext, prefix: string, markers: Markers, { signal }: CallOptions) {
  const stage = 'discover'
  return retrying(
    async () => {
      const input = { Prefix: prefix, EncodingType: 'url' as const, ...markers }
      const { output } = await requests.send('ListObjectVersions', input, { stage, signal })
      if (output.IsTruncated === undefined && output.Name === undefined) {
        const about = { operation: 'ListObjectVersions', stage, bucket: requests.bucket, mutation: false } as const
        throw invalidAnswer(about, 'something other than a list of versions')
      }
      return output
    },
    retry,
    { stage, signal, clock },
  )
}

function entriesOf(page: Page, bucket: string): readonly ListedVersion[] {
  const entry = (version: NonNullable<Page['DeleteMarkers']>[number], deleteMarker: boolean) => ({
    bucket,
    key: decodeKey(version.Key ?? '', page.EncodingType),
    versionId: version.VersionId ?? 'null',
    isLatest: version.IsLatest === true,
    deleteMarker,
    lastModified: version.LastModified?.toISOString(),
  })
  const versions = (page.Versions ?? []).map((version) => ({
    ...entry(version, false),
    sizeBytes: version.Size ?? 0,
    etag: version.ETag,
    storageClass: version.StorageClass,
  }))
  const deleted = (page.DeleteMarkers ?? []).map((marker) => ({ ...entry(marker, true), sizeBytes: 0 }))
  if (deleted.length === 0) return versions
  const order = new Map<string, number>()
  // Keys keep the order in which the server lists them; a key that only has markers is sorted among them.
  const keys = [...new Set([...versions, ...deleted].map(({ key }) => key))].sort(byUtf8)
  for (const [at, key] of keys.entries()) order.set(key, at)
  return [...versions, ...deleted].sort(
    (a, b) =>
      (order.get(a.key) ?? 0) - (order.get(b.key) ?? 0) ||
      Number(b.isLatest) - Number(a.isLatest) ||
      (b.lastModified ?? '').localeCompare(a.lastModified ?? ''),
  )
}

function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function nextMarkers(page: Page, previous: Markers, bucket: string): Markers | undefined {
  if (page.IsTruncated !== true) return undefined
  const { NextKeyMarker: key, NextVersionIdMarker: version, EncodingType: encoding } = page
  const KeyMarker = key === undefined ? undefined : decodeKey(key, encoding)
  const isStuck = KeyMarker === previous.KeyMarker && version === previous.VersionIdMarker
  if (KeyMarker !== undefined && !isStuck) {
    return { KeyMarker, ...(version === undefined ? {} : { VersionIdMarker: version }) }
  }
  throw new LegalHoldError(
    `The list of versions of s3://${bucket} says that it goes on but not from where. The server's paging is broken.`,
    { code: 'STORAGE_RESPONSE_INVALID', stage: 'discover' },
  )
}
