import { retrying } from '../../../internal/retry.js'
import { LegalHoldError, type Stage } from '../../../model/errors.js'
import type { ListedVersion } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import { invalidAnswer } from '../answer/checks.js'
import { namedVersion } from '../protocol/version-id.js'
import type { S3Output, S3Requests } from '../send/requests.js'
import { isUnsupported, type S3Bucket } from './bucket.js'
import { decodeKey, type ListContext, listObjectPages } from './list.js'

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
  return { versionId: namedVersion(entry.VersionId) ?? 'null', deleteMarker: version === undefined }
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
async function* listVersions(
  context: ListContext,
  { prefix, startAfter }: { readonly prefix: string; readonly startAfter?: string | undefined },
  call: CallOptions,
): AsyncGenerator<readonly ListedVersion[]> {
  let markers: Markers | undefined = startAfter === undefined ? {} : { KeyMarker: startAfter }
  while (markers !== undefined) {
    const page: Page = await fetchPage(context, prefix, markers, call)
    const entries = entriesOf(page, markers, context.requests.bucket)
    // Ceph RGW begins with the versions of the very key that is named as marker; S3 begins after them.
    yield startAfter === undefined ? entries : entries.filter(({ key }) => key !== startAfter)
    markers = nextMarkers(page, entries, markers, context.requests.bucket)
  }
}

/**
 * The same. Where the server implements neither a list of versions nor versions, there is one of each key, and the list of
 * keys has them all.
 */
export async function* listVersionsOrKeys(
  context: ListContext,
  bucket: S3Bucket,
  from: { readonly prefix: string; readonly startAfter?: string | undefined },
  call: CallOptions,
): AsyncGenerator<readonly ListedVersion[]> {
  try {
    if (!bucket.hasNoVersionList) {
      yield* listVersions(context, from, call)
      return
    }
  } catch (error) {
    // It is the first page that is refused: nothing was listed yet.
    if (!isUnsupported(error)) throw error
    bucket.hasNoVersionList = true
  }
  const { value } = await bucket.versioning('discover', call)
  if (value !== 'Off') throw withoutVersionList(context.requests.bucket)
  for await (const page of listObjectPages(context, from, call)) {
    yield page.map((object) => ({ ...object, versionId: 'null', isLatest: true, deleteMarker: false }))
  }
}

function withoutVersionList(bucket: string): LegalHoldError {
  return new LegalHoldError(
    `The server of s3://${bucket} does not list versions, although the bucket keeps them: what lies beneath the current ones cannot be seen.`,
    { code: 'STORAGE_UNSUPPORTED', stage: 'discover' },
  )
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
    { stage, subject: `list of versions of ${prefix || requests.bucket}`, service: requests.service, signal, clock },
  )
}

function entriesOf(page: Page, markers: Markers, bucket: string): readonly ListedVersion[] {
  const entry = (version: NonNullable<Page['Versions']>[number], deleteMarker: boolean) => {
    if (version.Key === undefined) throw withoutKey(bucket)
    return {
      bucket,
      key: decodeKey(version.Key, page.EncodingType),
      versionId: namedVersion(version.VersionId),
      isLatest: version.IsLatest,
      deleteMarker,
      lastModified: version.LastModified?.toISOString(),
      sizeBytes: deleteMarker ? 0 : version.Size,
      etag: version.ETag,
      storageClass: version.StorageClass,
    }
  }
  const versions = (page.Versions ?? []).map((version) => entry(version, false))
  const deleted = (page.DeleteMarkers ?? []).map((marker) => entry(marker, true))
  // The key that the page before this one ended with continues.
  const begun = markers.VersionIdMarker === undefined ? undefined : markers.KeyMarker
  if (deleted.length === 0) return withLatest(withIds(versions, bucket), begun)
  const order = new Map<string, number>()
  // Keys keep the order in which the server lists them; a key that only has markers is sorted among them.
  const keys = [...new Set([...versions, ...deleted].map(({ key }) => key))].sort(byUtf8)
  for (const [at, key] of keys.entries()) order.set(key, at)
  const sorted = [...versions, ...deleted].sort(
    (a, b) =>
      (order.get(a.key) ?? 0) - (order.get(b.key) ?? 0) ||
      Number(b.isLatest ?? false) - Number(a.isLatest ?? false) ||
      (b.lastModified ?? '').localeCompare(a.lastModified ?? ''),
  )
  requireOrder(sorted, bucket)
  return withLatest(withIds(sorted, bucket), begun)
}

type Entry = Omit<ListedVersion, 'isLatest'> & { readonly isLatest: boolean | undefined }
type UnnamedEntry = Omit<Entry, 'versionId'> & { readonly versionId: string | undefined }

/** S3 names the one version of an unversioned key `null`; one without a name, beside others of its key, might be any of them. */
function withIds(entries: readonly UnnamedEntry[], bucket: string): readonly Entry[] {
  return entries.map((entry, at) => {
    const isAlone = entries[at - 1]?.key !== entry.key && entries[at + 1]?.key !== entry.key
    if (entry.versionId === undefined && !isAlone) throw invalidVersions(bucket, 'a version without an id')
    return { ...entry, versionId: entry.versionId ?? 'null' }
  })
}

/** Versions and markers come in lists of their own: without a word about the current one, only their dates show which lies on top. */
function requireOrder(sorted: readonly UnnamedEntry[], bucket: string): void {
  for (const [at, entry] of sorted.entries()) {
    const above = sorted[at - 1]
    if (above?.key !== entry.key || above.deleteMarker === entry.deleteMarker) continue
    const isSaidOfOne = above.isLatest === true || entry.isLatest !== undefined
    const isDated = above.lastModified !== undefined && entry.lastModified !== undefined
    if (!isSaidOfOne && !(isDated && above.lastModified !== entry.lastModified)) {
      throw invalidVersions(
        bucket,
        'a version and a delete marker of a key without a word about which is the current one',
      )
    }
  }
}

/** Where a server does not say which version is the current one: it lists the newest of a key first. */
function withLatest(entries: readonly Entry[], begun: string | undefined): readonly ListedVersion[] {
  if (entries.every(isSaid)) return entries
  let key = begun
  return entries.map((entry) => {
    const isFirst = entry.key !== key
    key = entry.key
    return { ...entry, isLatest: entry.isLatest ?? isFirst }
  })
}

function isSaid(entry: Entry): entry is ListedVersion {
  return entry.isLatest !== undefined
}

/** An entry that nobody can name would be missing from the list without a word. */
function withoutKey(bucket: string): LegalHoldError {
  return invalidVersions(bucket, 'an entry without a key')
}

function invalidVersions(bucket: string, what: string): LegalHoldError {
  const about = { operation: 'ListObjectVersions', stage: 'discover', bucket, mutation: false } as const
  return invalidAnswer(about, what)
}

function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function nextMarkers(
  page: Page,
  entries: readonly ListedVersion[],
  previous: Markers,
  bucket: string,
): Markers | undefined {
  const { IsTruncated: isTruncated, NextKeyMarker: key, NextVersionIdMarker: version, EncodingType: encoding } = page
  if (isTruncated === false) return undefined
  const last = entries.at(-1)
  if (isTruncated === undefined && key === undefined) {
    // Whether there is more is not said: that nothing follows the last entry shows it.
    if (last === undefined) return undefined
    const next = { KeyMarker: last.key, VersionIdMarker: last.versionId }
    if (isSame(next, previous)) throw brokenPaging(bucket)
    return next
  }
  const KeyMarker = key === undefined ? undefined : decodeKey(key, encoding)
  if (KeyMarker === undefined) throw brokenPaging(bucket)
  const next = { KeyMarker, ...(version === undefined ? {} : { VersionIdMarker: version }) }
  if (isSame(next, previous)) throw brokenPaging(bucket)
  return next
}

function isSame(a: Markers, b: Markers): boolean {
  return a.KeyMarker === b.KeyMarker && a.VersionIdMarker === b.VersionIdMarker
}

function brokenPaging(bucket: string): LegalHoldError {
  return new LegalHoldError(
    `The list of versions of s3://${bucket} says that it continues but not from where. The server's paging is broken.`,
    { code: 'STORAGE_RESPONSE_INVALID', stage: 'discover' },
  )
}
