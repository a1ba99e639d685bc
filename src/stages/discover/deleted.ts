import { LegalHoldError } from '../../model/errors.js'
import { hourFolders, parseKey } from '../../model/layout/keys.js'
import type { Scope } from '../../model/layout/places.js'
import type { ListedObject, ListedVersion } from '../../model/object.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { StorageAdapter } from '../../ports/storage.js'
import type { PendingRecording } from '../account/awaited.js'
import type { StageContext } from '../context.js'
import { derivedStorage } from '../reading/derived-storage.js'
import { classified, type DiscoveredObject } from './discover.js'

type ListOptions = CallOptions & { readonly startAfter?: string | undefined }

/**
 * The same storage, whose listing also shows keys that only a delete marker hides: each key once, as its newest
 * version that is not a marker. Needs `listVersions`.
 */
export function withDeletedKeys(storage: StorageAdapter): StorageAdapter {
  const list = (prefix: string, options: ListOptions = {}) => newestOfEachKey(storage, prefix, options)
  return derivedStorage(storage, (name, own) => {
    if (name === 'list') return list
    return name === 'listPages' ? undefined : own
  })
}

async function* newestOfEachKey(
  storage: StorageAdapter,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<ListedObject, void, void> {
  let last: string | undefined
  let marker: ListedVersion | undefined
  for await (const version of storage.listVersions?.(prefix, options) ?? []) {
    if (version.deleteMarker) {
      if (version.isLatest) marker = version
      continue
    }
    if (version.key === last) continue
    last = version.key
    // A deleted object is in another state than before, and must be looked at again.
    const isHidden = marker?.key === version.key
    yield isHidden
      ? { ...asListed(version), etag: marker?.versionId, lastModified: marker?.lastModified }
      : asListed(version)
  }
}

function asListed({ bucket, key, sizeBytes, etag, lastModified, storageClass }: ListedVersion): ListedObject {
  return { bucket, key, sizeBytes, etag, lastModified, storageClass }
}

/** As many as a report shows exceptions: each costs a request or two. */
const conversationsAtMost = 1_000

/**
 * Finds objects of recordings that never showed up in a listing because a delete marker lies on them: they are missing,
 * but can be had back. Only conversations whose hour is known can be looked into.
 */
export async function* findDeleted(
  storage: StorageAdapter,
  { organizationId, pending }: { readonly organizationId: string; readonly pending: Iterable<PendingRecording> },
  scope: Scope,
  context: StageContext,
): AsyncGenerator<DiscoveredObject, void, void> {
  if (storage.listVersions === undefined) return
  const looked = new Set<string>()
  for (const { conversationId, hour } of pending) {
    if (hour === undefined || looked.has(conversationId)) continue
    if (looked.size === conversationsAtMost) return
    looked.add(conversationId)
    try {
      for (const folder of hourFolders(organizationId, hour)) {
        const prefix = `${folder}conversation_id=${conversationId}/`
        const isDeleted = (key: string) => isAny(deletedUnder(storage, key, context), key)
        for await (const found of classified(deletedUnder(storage, prefix, context), scope, isDeleted)) yield* found
      }
    } catch (error) {
      // Who may not list versions, or whose server keeps none, has nothing to be told here: the recording is missing.
      const isRefusal = LegalHoldError.isInstance(error) && /^STORAGE_(FORBIDDEN|UNSUPPORTED)$/.test(error.code)
      if (!isRefusal) throw error
      context.logger?.debug(
        `validate: versions could not be listed, deleted recordings count as missing: ${error.code}`,
      )
      return
    }
  }
}

/** The newest versions beneath delete markers, one at a time. */
async function* deletedUnder(
  storage: StorageAdapter,
  prefix: string,
  { signal }: StageContext,
): AsyncGenerator<readonly ListedObject[], void, void> {
  let hidden: string | undefined
  for await (const version of storage.listVersions?.(prefix, { signal }) ?? []) {
    if (version.isLatest) hidden = version.deleteMarker ? version.key : undefined
    if (version.deleteMarker || version.key !== hidden) continue
    hidden = undefined
    if (parseKey(version.key) !== undefined) yield [asListed(version)]
  }
}

async function isAny(pages: AsyncIterable<readonly ListedObject[]>, key: string): Promise<boolean> {
  for await (const [first] of pages) return first?.key === key
  return false
}
