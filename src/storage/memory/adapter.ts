import { orAbort } from '../../internal/abort.js'
import { systemClock } from '../../internal/clock.js'
import { LegalHoldError, type LegalHoldErrorReason, type Stage } from '../../model/errors.js'
import type { Finding } from '../../model/findings.js'
import type { BucketInspection } from '../../model/inspection.js'
import type { ListedObject, ListedVersion, ObjectRef, ObjectState, Retention } from '../../model/object.js'
import type { CallOptions, Clock } from '../../ports/runtime.js'
import type {
  HeadOptions,
  HeadResult,
  ListOptions,
  MergeTagsOptions,
  MutationResult,
  PutLegalHoldOptions,
  ReplaceMetadataOptions,
  StorageAdapter,
  StorageCapabilities,
  StorageNeeds,
} from '../../ports/storage.js'
import { MemoryObjects, type MemoryVersion, type SeedObject } from './objects.js'

/** One call on a {@link MemoryStorageAdapter}, as its `intercept` sees it. */
export interface MemoryStorageCall {
  readonly operation:
    | 'inspectBucket'
    | 'list'
    | 'listFolders'
    | 'listVersions'
    | 'head'
    | 'replaceMetadata'
    | 'mergeTags'
    | 'replaceTags'
    | 'putLegalHold'
    | 'putRetention'
    | 'readText'
    | 'readContent'
  readonly key?: string | undefined
  readonly versionId?: string | undefined
}

/** Options of {@link MemoryStorageAdapter}. */
export interface MemoryStorageOptions {
  /** @defaultValue 'memory' */
  readonly bucket?: string | undefined
  /** Region it claims to lie in. @defaultValue 'eu-west-1' */
  readonly region?: string | undefined
  /** @defaultValue true */
  readonly versioning?: boolean | undefined
  /** @defaultValue true with versioning */
  readonly objectLock?: boolean | undefined
  /** @defaultValue 'new-version', as S3 does it */
  readonly metadataUpdate?: StorageCapabilities['metadataUpdate'] | undefined
  /** Findings that `inspectBucket` returns beside its own. */
  readonly findings?: readonly Finding[] | undefined
  /**
   * Called before and after the work of each call. If it throws, the call rejects with that error: at `before`
   * nothing was done, at `after` the work was. A returned promise is awaited.
   */
  readonly intercept?: ((call: MemoryStorageCall, when: 'before' | 'after') => void | Promise<void>) | undefined
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined
}

/**
 * A complete storage in memory, for tests of partners: versions, delete markers, tags, Object Lock. It behaves as S3
 * does, without a server and without AWS.
 *
 * @example
 * ```ts
 * const storage = new MemoryStorageAdapter()
 * storage.put('org/year=2023/…/r1.opus', { body: 'sound', metadata: { 'legal-hold-tag': 'matter-1' } })
 * ```
 */
export class MemoryStorageAdapter implements StorageAdapter {
  readonly name = 'memory'
  readonly bucket: string
  readonly capabilities: StorageCapabilities
  readonly #objects: MemoryObjects
  readonly #options: MemoryStorageOptions

  constructor(options: MemoryStorageOptions = {}) {
    const versioning = options.versioning ?? true
    const objectLock = options.objectLock ?? versioning
    if (objectLock && !versioning) {
      throw new LegalHoldError('Object Lock needs versioning: set `versioning` to true or `objectLock` to false.', {
        code: 'INVALID_OPTIONS',
        stage: 'options',
      })
    }
    this.#options = options
    this.bucket = options.bucket ?? 'memory'
    this.capabilities = { versioning, objectLock, tags: true, metadataUpdate: options.metadataUpdate ?? 'new-version' }
    this.#objects = new MemoryObjects(this.bucket, versioning, options.clock ?? systemClock)
  }

  /** Releases nothing, and exists so that the adapter can replace a storage with connections. The objects stay. */
  async [Symbol.asyncDispose](): Promise<void> {}

  /** Puts an object, as somebody else's upload would. Returns its reference. */
  put(key: string, object: SeedObject = {}): ObjectRef {
    return this.#objects.put(key, object)
  }

  /** Deletes as S3 does: with versioning by a delete marker, otherwise for good. */
  delete(key: string): void {
    this.#objects.delete(key)
  }

  /** All versions of a key, newest first, delete markers included. */
  versions(
    key: string,
  ): readonly { readonly versionId: string; readonly deleteMarker: boolean; readonly state?: ObjectState }[] {
    return this.#objects
      .history(key)
      .map((version) =>
        version.deleteMarker
          ? { versionId: version.versionId, deleteMarker: true }
          : { versionId: version.versionId, deleteMarker: false, state: this.#objects.stateOf(key, version) },
      )
  }

  /** The content of the current or the given version. */
  body(key: string, versionId?: string): Uint8Array | undefined {
    const version = this.#objects.find(key, versionId)
    return version === undefined || version.deleteMarker ? undefined : version.body
  }

  async inspectBucket(needs: StorageNeeds, options: CallOptions = {}): Promise<BucketInspection> {
    return this.#call('inspect', { operation: 'inspectBucket' }, options, () => ({
      bucket: this.bucket,
      region: this.#options.region ?? 'eu-west-1',
      versioning: this.capabilities.versioning ? 'Enabled' : 'Off',
      objectLock: this.capabilities.objectLock ? 'Enabled' : 'Off',
      objectOwnership: 'BucketOwnerEnforced',
      findings: [...(this.#options.findings ?? []), ...this.#findings(needs)],
    }))
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ListedObject> {
    const keys = await this.#call('discover', { operation: 'list', key: prefix }, options, () =>
      this.#objects.currentKeys(prefix, options.startAfter),
    )
    for (const key of keys) {
      const version = this.#objects.find(key)
      if (version === undefined || version.deleteMarker) continue
      yield await orAbort(Promise.resolve(this.#objects.listed(key, version)), options.signal, 'discover')
    }
  }

  async *listFolders(prefix: string, options: CallOptions = {}): AsyncGenerator<string> {
    const folders = await this.#call('discover', { operation: 'listFolders', key: prefix }, options, () =>
      this.#objects.folders(prefix),
    )
    yield* folders
  }

  async head(ref: ObjectRef, options: HeadOptions = {}): Promise<HeadResult> {
    return this.#call('validate', { operation: 'head', ...named(ref) }, options, () => {
      const version = this.#objects.find(ref.key, ref.versionId)
      if (version === undefined) return { found: false, deleteMarker: false }
      if (version.deleteMarker) {
        const beneath = this.#objects.history(ref.key).find((one) => !one.deleteMarker)?.versionId
        return { found: false, deleteMarker: true, versionId: version.versionId, beneath }
      }
      const { tags, legalHold, retention, acl, ...state } = this.#objects.stateOf(ref.key, version)
      return {
        found: true,
        state: {
          ...state,
          ...(options.tags === true || options.full === true ? { tags } : {}),
          ...(options.lock === true || options.full === true ? { legalHold, retention } : {}),
          ...(options.full === true ? { acl } : {}),
        },
      }
    })
  }

  async replaceMetadata(
    before: ObjectState,
    metadata: Readonly<Record<string, string>>,
    options: ReplaceMetadataOptions = {},
  ): Promise<MutationResult> {
    return this.#call('remediate', { operation: 'replaceMetadata', ...named(before) }, options, () => {
      this.#checkReplace(before, options)
      const current = this.#objects.find(before.key)
      if (current === undefined || current.deleteMarker) throw changed(before)
      if (!this.#objects.isSame(current, options.onTopOf ?? before)) throw changed(before)
      if (this.capabilities.metadataUpdate === 'in-place') {
        current.object = { ...current.object, metadata: { ...metadata } }
        return { versionId: this.#shown(current), etag: current.etag }
      }
      // As `before` says, and not as it is: the hold there may be one that only protects the original.
      const legalHold = before.legalHold === 'ON' ? 'ON' : 'OFF'
      const source = options.onTopOf === undefined ? current : this.#require(before)
      const written = this.#objects.put(before.key, { ...source.object, legalHold, metadata, body: source.body })
      const beneath = { versionId: current.versionId, isDeleteMarker: false }
      return { versionId: written.versionId, etag: source.etag, ...(this.capabilities.versioning ? { beneath } : {}) }
    })
  }

  async checkReplaceMetadata(
    before: ObjectState,
    _metadata: Readonly<Record<string, string>>,
    options: ReplaceMetadataOptions = {},
  ): Promise<void> {
    this.#checkReplace(before, options)
  }

  async *listVersions(
    prefix: string,
    options: CallOptions & { readonly startAfter?: string | undefined } = {},
  ): AsyncGenerator<ListedVersion> {
    const listed = await this.#call('discover', { operation: 'listVersions', key: prefix }, options, () =>
      this.#objects.allKeys(prefix, options.startAfter).flatMap((key) => this.#objects.listedVersions(key)),
    )
    yield* listed
  }

  async mergeTags(
    ref: ObjectRef,
    tags: Readonly<Record<string, string>>,
    options: MergeTagsOptions = {},
  ): Promise<MutationResult> {
    return this.#call('remediate', { operation: 'mergeTags', ...named(ref) }, options, () => {
      const version = this.#require(ref)
      const { expected } = options
      const present = version.object.tags ?? {}
      if (expected !== undefined && Object.keys(tags).some((key) => present[key] !== expected[key])) throw changed(ref)
      const merged = { ...version.object.tags, ...tags }
      if (Object.keys(merged).length > 10) throw rejected(ref, 'it would have more than 10 tags', 'tags-invalid')
      version.object = { ...version.object, tags: merged }
      return { versionId: this.#shown(version) }
    })
  }

  async replaceTags(
    ref: ObjectRef,
    tags: Readonly<Record<string, string>>,
    options: CallOptions & { readonly expected: Readonly<Record<string, string>> },
  ): Promise<MutationResult> {
    return this.#call('remediate', { operation: 'replaceTags', ...named(ref) }, options, () => {
      const version = this.#require(ref)
      const present = version.object.tags ?? {}
      const keys = Object.keys({ ...present, ...options.expected })
      if (keys.some((key) => present[key] !== options.expected[key])) throw changed(ref)
      version.object = { ...version.object, tags: { ...tags } }
      return { versionId: this.#shown(version) }
    })
  }

  async putLegalHold(ref: ObjectRef, status: 'ON' | 'OFF', options: PutLegalHoldOptions = {}): Promise<MutationResult> {
    return this.#call('remediate', { operation: 'putLegalHold', ...named(ref) }, options, () => {
      if (!this.capabilities.objectLock) throw unsupported('the bucket has no Object Lock')
      const version = this.#require(ref)
      if (options.expected !== undefined && (version.object.legalHold ?? 'OFF') !== options.expected) throw changed(ref)
      version.object = { ...version.object, legalHold: status }
      return { versionId: this.#shown(version) }
    })
  }

  async putRetention(ref: ObjectRef, retention: Retention, options: CallOptions = {}): Promise<MutationResult> {
    return this.#call('remediate', { operation: 'putRetention', ...named(ref) }, options, () => {
      if (!this.capabilities.objectLock) throw unsupported('the bucket has no Object Lock')
      const version = this.#require(ref)
      const present = version.object.retention
      const shorter =
        present !== undefined && Date.parse(retention.retainUntilDate) < Date.parse(present.retainUntilDate)
      if (shorter || (present?.mode === 'COMPLIANCE' && retention.mode === 'GOVERNANCE')) {
        throw rejected(ref, `its retention until ${present?.retainUntilDate} would be weakened`, 'retention-weaker')
      }
      version.object = { ...version.object, retention }
      return { versionId: this.#shown(version) }
    })
  }

  async readText(ref: ObjectRef, options: CallOptions & { readonly maxBytes: number }): Promise<string | undefined> {
    return this.#call('discover', { operation: 'readText', ...named(ref) }, options, () => {
      const { body } = this.#require(ref, 'discover')
      return body.length > options.maxBytes ? undefined : new TextDecoder().decode(body)
    })
  }

  async *readContent(ref: ObjectRef, options: CallOptions = {}): AsyncGenerator<Uint8Array, void, void> {
    yield await this.#call(
      'validate',
      { operation: 'readContent', ...named(ref) },
      options,
      () => this.#require(ref, 'validate').body,
    )
  }

  #checkReplace(before: ObjectState, { allowOverwrite = true }: ReplaceMetadataOptions): void {
    if (this.capabilities.metadataUpdate === 'none') throw unsupported('metadata cannot be changed')
    if (allowOverwrite || this.capabilities.versioning || this.capabilities.metadataUpdate === 'in-place') return
    throw rejected(before, 'without versions a copy would overwrite the original', 'versioning-off')
  }

  #require(ref: ObjectRef, stage: Stage = 'remediate'): Extract<MemoryVersion, { deleteMarker: false }> {
    const version = this.#objects.find(ref.key, ref.versionId)
    if (version !== undefined && !version.deleteMarker) return version
    throw new LegalHoldError(`${this.bucket} has no object ${ref.key}.`, { code: 'OBJECT_NOT_FOUND', stage })
  }

  #shown(version: MemoryVersion): string | undefined {
    return this.capabilities.versioning ? version.versionId : undefined
  }

  #findings(needs: StorageNeeds): Finding[] {
    const copies = needs.metadata && needs.remediate && this.capabilities.metadataUpdate === 'new-version'
    const locks = needs.legalHold || needs.retention
    return [
      ...(this.capabilities.versioning
        ? []
        : [finding('versioning-off', copies ? 'blocker' : 'warning', 'The bucket keeps no versions.', this.bucket)]),
      ...(this.capabilities.objectLock
        ? []
        : [
            finding(
              'object-lock-unavailable',
              locks ? 'blocker' : 'info',
              'The bucket has no Object Lock.',
              this.bucket,
            ),
          ]),
    ]
  }

  async #call<T>(stage: Stage, call: MemoryStorageCall, options: CallOptions, work: () => T): Promise<T> {
    const run = async () => {
      await this.#options.intercept?.(call, 'before')
      if (options.signal?.aborted) throw options.signal.reason
      const result = work()
      await this.#options.intercept?.(call, 'after')
      return result
    }
    return orAbort(run(), options.signal, stage)
  }
}

function named(ref: ObjectRef): { key: string; versionId: string | undefined } {
  return { key: ref.key, versionId: ref.versionId }
}

function finding(code: Finding['code'], severity: Finding['severity'], message: string, bucket: string): Finding {
  return { code, severity, message, subject: bucket, remedy: 'Create the adapter with `versioning` and `objectLock`.' }
}

function changed(ref: ObjectRef): LegalHoldError {
  return new LegalHoldError(`${ref.key} was changed since it was read. Read it again and decide again.`, {
    code: 'OBJECT_CHANGED',
    stage: 'remediate',
    retryable: true,
  })
}

function rejected(ref: ObjectRef, why: string, reason: LegalHoldErrorReason): LegalHoldError {
  return new LegalHoldError(`${ref.key} stays as it is: ${why}.`, {
    code: 'STORAGE_REJECTED',
    stage: 'remediate',
    reason,
  })
}

function unsupported(why: string): LegalHoldError {
  return new LegalHoldError(`This storage was created so that ${why}.`, {
    code: 'STORAGE_UNSUPPORTED',
    stage: 'remediate',
  })
}
