import type { ObjectTraits } from '../model/identity.js'
import type { BucketInspection } from '../model/inspection.js'
import type { ListedObject, ListedVersion, ObjectRef, ObjectState, Retention } from '../model/object.js'
import type { RemediationStep } from '../model/verdict.js'
import type { CallOptions, ServiceAddress } from './runtime.js'

/** Answer of `head`. Only a definite answer is returned. A refusal or a fault is a thrown `LegalHoldError`. */
export type HeadResult =
  | { readonly found: true; readonly state: ObjectState }
  | {
      readonly found: false
      /** A delete marker lies on top. The object is recoverable. */
      readonly deleteMarker: boolean
      /** Version of the delete marker. */
      readonly versionId?: string | undefined
      /** The newest version beneath the marker, if it could be found. */
      readonly beneath?: string | undefined
    }

/** What a HEAD must answer beyond metadata. */
export interface HeadOptions extends CallOptions {
  /** Read the tags (one more request, only if HEAD counts any). @defaultValue false */
  readonly tags?: boolean | undefined
  /**
   * Read legal hold and retention, and distinguish "off" from "not allowed to see". A name reads only that one.
   *
   * @defaultValue false
   */
  readonly lock?: boolean | 'legal-hold' | 'retention' | undefined
  /** Read every property a repair must keep: tags, lock, ACL, website redirect, size. @defaultValue false */
  readonly full?: boolean | undefined
  /** Read the size in another way if HEAD leaves it out (one more request). @defaultValue false */
  readonly size?: boolean | undefined
  /**
   * What a listing showed of the object. An answer that disagrees with it may belong to another object, or to an
   * earlier state. An adapter that can do so reads again over another connection before it answers. The second
   * answer may still differ, since somebody may have written in between: the caller compares (`agreementOf`) and
   * decides.
   *
   * @defaultValue not compared
   */
  readonly listed?: ObjectTraits | undefined
}

/** The answer to a mutation. */
export interface MutationResult {
  /** Version that now carries the change. Absent on unversioned buckets and on servers that do not say. */
  readonly versionId?: string | undefined
  readonly etag?: string | undefined
  readonly requestId?: string | undefined
  /** HTTP status of the answer. */
  readonly status?: number | undefined
  /** Properties the server refused or is known to drop, put back by further requests. */
  readonly restored?: readonly string[] | undefined
  /**
   * Only for a copy on a bucket with versions: what lies right beneath the version that the copy wrote. That is
   * the version that was current a moment before. It differs from the copied version if somebody else wrote in
   * between: S3 has no condition on a version. `nothing` if nothing lies there any more. Left out if the storage
   * cannot tell; the repair then calls `listVersions`.
   */
  readonly beneath?: VersionBeneath | 'nothing' | undefined
  /**
   * The object as read after the change, if the change is on the current version and nothing had to be put back.
   * After a copy it has everything that `full` reads. After a change in place it has what `fresh` showed and what
   * was read since. If it is left out, the repair reads the object itself.
   */
  readonly after?: ObjectState | undefined
  /**
   * Only for a copy on a bucket with versions: the copied version as read after the copy. It includes the tags (or
   * their count) and the lock. If it is left out, the repair reads that version itself.
   */
  readonly original?: ObjectState | undefined
}

/** Options of a metadata replacement. */
export interface ReplaceMetadataOptions extends CallOptions {
  /** Copy even if no versioning keeps the original. The copy then overwrites it. @defaultValue true */
  readonly allowOverwrite?: boolean | undefined
  /**
   * The current version, if `before` is an older one. The copy lies on top of it. A repair uses this when its own
   * copy turned out to lie on a version that somebody else wrote in between. `OBJECT_CHANGED` if another version
   * is current.
   */
  readonly onTopOf?: Pick<ObjectState, 'versionId' | 'etag'> | undefined
  /**
   * Whether the storage looks at what lies beneath the version it wrote ({@link MutationResult.beneath}). `false`:
   * the caller does so by `listVersions`, if the storage names the version that it wrote.
   *
   * @defaultValue true
   */
  readonly looksBeneath?: boolean | undefined
  /**
   * Whether a storage that can do so reads the copied version once more beside the new one
   * ({@link MutationResult.original}). Otherwise the repair reads it.
   *
   * @defaultValue false
   */
  readonly readsOriginal?: boolean | undefined
  /**
   * Only of {@link StorageAdapter.checkReplaceMetadata}: `before` is read once more, with all properties, before
   * it is copied. Properties that it lacks so far are not a reason to refuse.
   *
   * @defaultValue false
   */
  readonly isReadAgain?: boolean | undefined
}

/** Options of a merge of tags. */
export interface MergeTagsOptions extends CallOptions {
  /**
   * The tags as they were when the merge was decided on. If one of the tags to change has another value by now,
   * nothing is written (`OBJECT_CHANGED`), because it may be another matter's.
   */
  readonly expected?: Readonly<Record<string, string>> | undefined
  /**
   * The object as it was read a moment ago. What it shows need not be read again before the change.
   *
   * @defaultValue the storage reads what it needs
   */
  readonly fresh?: ObjectState | undefined
}

/** Options of a change of an Object Lock hold. */
export interface PutLegalHoldOptions extends CallOptions {
  /**
   * The hold as it was when the change was decided on. If it differs by now, nothing is written
   * (`OBJECT_CHANGED`). A hold that somebody else has put there must not be taken for ours.
   */
  readonly expected?: 'ON' | 'OFF' | undefined
  /**
   * Whether the storage reads back what it put. `false`: the caller does so, by a HEAD of this version.
   *
   * @defaultValue true
   */
  readonly readBack?: boolean | undefined
  /**
   * The object as it was read a moment ago, if it will be copied next. The storage may read back the hold together
   * with everything that the copy must keep and `fresh` does not show. It returns that in
   * {@link MutationResult.after}. If its HEAD has shown holds before, it need not send a separate request to check
   * `expected` either.
   *
   * @defaultValue only the hold is read back
   */
  readonly fresh?: ObjectState | undefined
}

/** Options of a change of a retention. */
export interface PutRetentionOptions extends CallOptions {
  /**
   * The object as it was read a moment ago: a retention that it shows need not be read again before the change.
   *
   * @defaultValue the storage reads it
   */
  readonly fresh?: ObjectState | undefined
}

/** Options of the completion of a reading. */
export interface CompleteOptions extends CallOptions {
  /**
   * The caller puts the version under a hold before it copies it, and that call reads the version again
   * (`PutLegalHoldOptions.fresh`). Until then the storage can put off reading what it is sure that it may read.
   *
   * @defaultValue false
   */
  readonly isHeldNext?: boolean | undefined
}

/** What a storage can do. */
export interface StorageCapabilities {
  readonly versioning: boolean
  readonly objectLock: boolean
  readonly tags: boolean
  /** How user metadata can change: in place, by a new version (a copy onto itself), or not at all. */
  readonly metadataUpdate: 'in-place' | 'new-version' | 'none'
}

/**
 * Where the recordings land. Implementations normalise every failure to `LegalHoldError`, with
 * `OBJECT_CHANGED` if a pinned version or ETag no longer matches.
 */
export interface StorageAdapter {
  /** `s3`, `memory`, or your own. */
  readonly name: string
  readonly bucket: string
  /**
   * Which server the bucket is on, as a URL or a name; `aws` for Amazon S3. Two servers may have buckets of the
   * same name. A journal of one server is then refused for the other. Only scheme, host and port are recorded.
   *
   * @defaultValue not known, and not compared
   */
  readonly endpoint?: string | undefined
  /**
   * The service that an error names if nobody has answered yet. The first contact of a call ends after
   * `connectTimeoutMs`.
   *
   * @defaultValue not known: from the beginning an outage is waited for as `retry` says
   */
  readonly service?: ServiceAddress | undefined
  readonly capabilities: StorageCapabilities

  /** Configuration of the bucket and whether the actions that `needs` names are allowed. */
  inspectBucket(needs: StorageNeeds, options?: CallOptions): Promise<BucketInspection>
  /**
   * Objects under a prefix in UTF-8 byte order of their keys, current versions only. A storage may list more than
   * `limit`, never fewer.
   */
  list(prefix: string, options?: ListOptions): AsyncIterable<ListedObject>
  /**
   * The same as `list`, in the pieces in which the storage answers. An await for each object costs more than its
   * line.
   */
  listPages?(prefix: string, options?: ListOptions): AsyncIterable<readonly ListedObject[]>
  /** Next "folders" under a prefix, up to `/`. */
  listFolders(prefix: string, options?: CallOptions): AsyncIterable<string>
  head(ref: ObjectRef, options?: HeadOptions): Promise<HeadResult>
  /**
   * Reads what a repair must keep and `state` does not show. `state` was read a moment ago, with `full: true` or
   * less. A repair calls this before a copy, so that nothing is read twice. Tags that the storage is sure to
   * carry, by their count, may stay unread. Without this method the object is read again with `full: true`.
   */
  complete?(state: ObjectState, options?: CompleteOptions): Promise<ObjectState>
  /**
   * Writes `metadata` as the complete user metadata and keeps everything else that `before` (read with
   * `full: true`) shows, its Object Lock state included. Pins the source by its version and ETag.
   *
   * If it is known before the copy that another version is current, nothing is written: `OBJECT_CHANGED`,
   * `not-applied`. If somebody else writes in between, the copy lies on top of that version. This is not an error.
   * Report it in {@link MutationResult.beneath}, and the repair restores what the copy demoted. A storage that
   * only knows that somebody wrote throws `OBJECT_CHANGED` with the outcome `applied`; the repair then calls
   * `listVersions`.
   */
  replaceMetadata(
    before: ObjectState,
    metadata: Readonly<Record<string, string>>,
    options?: ReplaceMetadataOptions,
  ): Promise<MutationResult>
  /**
   * Rejects, as `replaceMetadata` would before it sends anything, if something would be lost. A repair calls it
   * before its first step, so that an object that cannot be repaired is left alone. A dry run can report this as
   * well.
   */
  checkReplaceMetadata?(
    before: ObjectState,
    metadata: Readonly<Record<string, string>>,
    options?: ReplaceMetadataOptions,
  ): Promise<void>
  /**
   * Versions and delete markers under a prefix: keys in UTF-8 byte order, the versions of a key newest first.
   * Without this method only current versions are considered.
   */
  listVersions?(
    prefix: string,
    options?: CallOptions & { readonly startAfter?: string | undefined },
  ): AsyncIterable<ListedVersion>
  /** The requests that a repair with these steps takes, by operation. They determine its cost. Sends nothing. */
  requestsOf?(
    before: ObjectState,
    steps: readonly RemediationStep[],
    options?: Pick<ReplaceMetadataOptions, 'looksBeneath'>,
  ): Readonly<Record<string, number>>
  /** Adds or changes the given tags, keeps the others. */
  mergeTags(ref: ObjectRef, tags: Readonly<Record<string, string>>, options?: MergeTagsOptions): Promise<MutationResult>
  /**
   * Writes `tags` as the complete set. Only a release calls it, the one stage that removes anything. If the
   * present set is not `expected`, nothing is written (`OBJECT_CHANGED`).
   */
  replaceTags?(
    ref: ObjectRef,
    tags: Readonly<Record<string, string>>,
    options: CallOptions & { readonly expected: Readonly<Record<string, string>> },
  ): Promise<MutationResult>
  putLegalHold(ref: ObjectRef, status: 'ON' | 'OFF', options?: PutLegalHoldOptions): Promise<MutationResult>
  /** Extends a retention. A shorter one or a weaker mode is refused with `STORAGE_REJECTED`, `reason: 'retention-weaker'`. */
  putRetention(ref: ObjectRef, retention: Retention, options?: PutRetentionOptions): Promise<MutationResult>
  /** A small object's content as text, for sidecars; `undefined` if it is larger than `maxBytes`. */
  readText?(ref: ObjectRef, options: CallOptions & { readonly maxBytes: number }): Promise<string | undefined>
  /**
   * An object version's content in pieces, for a digest of it. If the content ends early or changes meanwhile, a
   * `LegalHoldError` is thrown. It is never cut short silently.
   */
  readContent?(ref: ObjectRef, options?: ReadContentOptions): AsyncIterable<Uint8Array>
}

/** What a run will ask of a storage; decides which permissions are probed. */
export interface StorageNeeds {
  readonly prefix: string
  readonly metadata: boolean
  readonly tags: boolean
  readonly legalHold: boolean
  readonly retention: boolean
  /** Whether repairs are going to be made. */
  readonly remediate: boolean
  /** Whether originals are put under a legal hold before a copy. */
  readonly protectOriginal: boolean
}

/** Options of a listing. */
export interface ListOptions extends CallOptions {
  /** Key after which to begin. No object need have this key. @defaultValue the first under the prefix */
  readonly startAfter?: string | undefined
  /** No more entries than these are wanted, up to 1,000: one small page instead of whole ones. @defaultValue all */
  readonly limit?: number | undefined
}

/** Options of the reading of a content. */
export interface ReadContentOptions extends CallOptions {
  /** ETag that HEAD showed. The content of another object is refused (`OBJECT_CHANGED`). @defaultValue not compared */
  readonly etag?: string | undefined
}

/** A version or delete marker that lies right beneath another one. */
export interface VersionBeneath {
  readonly versionId: string
  readonly isDeleteMarker: boolean
}
