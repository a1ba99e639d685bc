import { LegalHoldError, type LegalHoldErrorCode, type LegalHoldErrorReason } from '../../model/errors.js'
import type { ObjectRef, ObjectState } from '../../model/object.js'
import type { HeadOptions, StorageAdapter } from '../../ports/storage.js'
import type { ConformanceRunner } from './suite.js'

/** The functions of a test runner that the suite needs. */
export type StorageConformanceRunner = ConformanceRunner

/** An object the suite wants to find in the storage. */
export interface StorageConformanceSeed {
  readonly body: string
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly contentType?: string | undefined
}

/**
 * Features of AWS that the server beneath an adapter may lack:
 *
 * - `copy-keeps-tags`: a copy that replaces the metadata carries the tags, so that nothing must be put back after
 *   it
 * - `copy-keeps-lock`: such a copy carries Object Lock hold and retention, so that there is no unprotected moment
 * - `checksums`: `head` shows a checksum of the content
 */
export const storageConformanceFeatures = ['copy-keeps-tags', 'copy-keeps-lock', 'checksums'] as const

/** One of {@link storageConformanceFeatures}. */
export type StorageConformanceFeature = (typeof storageConformanceFeatures)[number]

/** One storage, empty, as the author of an adapter provides it to each test. */
export interface StorageConformanceSubject {
  readonly adapter: StorageAdapter
  /** Puts an object into the storage without the adapter. */
  seed(key: string, object: StorageConformanceSeed): Promise<void>
  /** Deletes the current version as a user would. Without it the tests of delete markers are skipped. */
  remove?(key: string): Promise<void>
  /**
   * Features that the server beneath lacks. The suite then tests the opposite, so that an outdated entry fails.
   * What the library does about it is always tested.
   *
   * @defaultValue nothing
   */
  readonly lacks?: readonly StorageConformanceFeature[] | undefined
  /** Called after each test. */
  close?(): Promise<void> | void
}

export function tagsFor(adapter: StorageAdapter, tags: Readonly<Record<string, string>>) {
  return adapter.capabilities.tags ? tags : undefined
}

export function refOf({ bucket, key, versionId }: ObjectState): ObjectRef {
  return { bucket, key, versionId }
}

export async function stateOf(
  adapter: StorageAdapter,
  key: string,
  options: HeadOptions & { readonly versionId?: string | undefined } = {},
): Promise<ObjectState> {
  const head = await adapter.head({ bucket: adapter.bucket, key, versionId: options.versionId }, options)
  if (!head.found) throw new Error(`The object "${key}" that the suite had put there was not found.`)
  return head.state
}

export async function rejects(
  expect: StorageConformanceRunner['expect'],
  promise: Promise<unknown>,
  code: LegalHoldErrorCode,
  reason?: LegalHoldErrorReason,
): Promise<void> {
  const outcome = await promise.then(
    () => 'it succeeded',
    (error: unknown) => {
      if (!LegalHoldError.isInstance(error)) return error
      return reason === undefined ? error.code : `${error.code}, ${error.reason}`
    },
  )
  expect(outcome).toEqual(reason === undefined ? code : `${code}, ${reason}`)
}
