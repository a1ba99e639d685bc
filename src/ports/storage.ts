import type { ObjectTraits } from '../model/identity.js'
import type { BucketInspection } from '../model/inspection.js'
import type { ListedObject, ListedVersion, ObjectRef, ObjectState, Retention } from '../model/object.js'
import type { RemediationStep } from '../model/verdict.js'
import type { CallOptions, ServiceAddress } from './runtime.js'

/** Answer of `head`. Only a definite answer is an answer: a refusal or a fault is a thrown `LegalHoldError`. */
export type HeadResult =
  | { readonly found: true; readonly state: ObjectState }
  | {
      readonly found: false
      /** A delete marker lies on top: the object is recoverable. */
      readonly deleteMarker: boolean
      /** Version of the delete marker. */
      readonly versionId?: string | undefined
      /** The newest version beneath the marker, where it could be found. */
      readonly beneath?: string | undefined
    }

/** What a HEAD has to answer beyond metadata. */
export interface HeadOptions extends CallOptions {
  /** Read the tags (one more request, only where HEAD counts any). @defaultValue false */
  readonly tags?: boolean | undefined
  /**
   * Read legal hold and retention, telling "off" from "not allowed to see"; or only the one that is named.
   *
   * @defaultValue false
   */
  readonly lock?: boolean | 'legal-hold' | 'retention' | undefined
  /** Read every property a repair has to keep: tags, lock, ACL, website redirect, size. @defaultValue false */
  readonly full?: boolean | undefined
  /** Ask for the size in another way where HEAD leaves it out (one more request then). @defaultValue false */
  readonly size?: boolean | undefined
  /**
   * What a listing showed of the object. An answer that does not agree with it may be another object's, or that of a
   * former state: an adapter that can, reads again over another connection before it answers. What it then answers
   * may still differ, since somebody may have written in between: the caller compares (`agreementOf`) and decides.
   *
   * @defaultValue not compared
   */
  readonly listed?: ObjectTraits | undefined
}

/** What a mutation answered. */
export interface MutationResult {
  /** Version that now carries the change; absent on unversioned buckets and servers that do not say. */
  readonly versionId?: string | undefined
  readonly etag?: string | undefined
  readonly requestId?: string | undefined
  /** HTTP status of the answer. */
  readonly status?: number | undefined
  /** Properties the server refused or is known to drop, put back by further requests. */
  readonly restored?: readonly string[] | undefined
  /**
   * Only of a copy on a bucket with versions: what lies right beneath the version it wrote. That is the version that was
   * current a moment before, and another one than was copied where somebody else wrote in between: S3 has no condition on a
   * version. `nothing` where nothing lies there any more. Left out where the storage cannot tell; the repair then looks for
   * itself, by `listVersions`.
   */
  readonly beneath?: VersionBeneath | 'nothing' | undefined
  /**
   * The object as it was read after the change, where what was changed is current and nothing had to be put back: after a
   * copy with everything that `full` reads, after a change in place with what `fresh` showed and what was read since. Left
   * out, the repair reads the object itself.
   */
  readonly after?: ObjectState | undefined
  /**
   * Only of a copy on a bucket with versions: the version that was copied as it was read after the copy, with its tags (or
   * their count) and its lock. Left out, the repair reads it itself.
   */
  readonly original?: ObjectState | undefined
}

/** Options of a metadata replacement. */
export interface ReplaceMetadataOptions extends CallOptions {
  /** Copy even where no versioning keeps the original, which the copy then overwrites. @defaultValue true */
  readonly allowOverwrite?: boolean | undefined
  /**
   * The current version, where `before` is an older one: the copy goes on top of it. A repair asks for that where its own
   * copy turned out to lie on what somebody else wrote in between. `OBJECT_CHANGED` where another version is current.
   */
  readonly onTopOf?: Pick<ObjectState, 'versionId' | 'etag'> | undefined
  /**
   * Whether the storage looks at what lies beneath the version it wrote ({@link MutationResult.beneath}). `false`: the
   * caller does, by `listVersions`, where the storage names that version.
   *
   * @defaultValue true
   */
  readonly looksBeneath?: boolean | undefined
  /**
   * Whether the version that was copied is read once more beside the new one ({@link MutationResult.original}), where a storage
   * can: the repair does so else.
   *
   * @defaultValue false
   */
  readonly readsOriginal?: boolean | undefined
  /**
   * Only of {@link StorageAdapter.checkReplaceMetadata}: `before` is read once more, whole, before it is copied. What it lacks
   * so far is no reason to refuse.
   *
   * @defaultValue false
   */
  readonly isReadAgain?: boolean | undefined
}

/** Options of a merge of tags. */
export interface MergeTagsOptions extends CallOptions {
  /**
   * The tags as they were when the merge was decided on. Where one of those that are to be changed has another value by
   * now, nothing is written (`OBJECT_CHANGED`): it may be another matter's.
   */
  readonly expected?: Readonly<Record<string, string>> | undefined
  /**
   * The object as it was read a moment ago: what it shows needs not be read again before the change.
   *
   * @defaultValue the storage reads what it needs
   */
  readonly fresh?: ObjectState | undefined
}

/** Options of a change of an Object Lock hold. */
export interface PutLegalHoldOptions extends CallOptions {
  /**
   * The hold as it was when the change was decided on. Where it is another by now, nothing is written
   * (`OBJECT_CHANGED`): a hold that somebody else has put there must not be taken for ours.
   */
  readonly expected?: 'ON' | 'OFF' | undefined
  /** Whether the storage reads back what it put. `false`: the caller does, by a HEAD of this version. @defaultValue true */
  readonly readBack?: boolean | undefined
  /**
   * The object as it was read a moment ago, which is to be copied next. The storage may read the hold back together with
   * everything that the copy must keep and `fresh` does not show, and return that in {@link MutationResult.after}. Where its
   * HEAD has shown holds before, it needs not look at `expected` by a request of its own either.
   *
   * @defaultValue only the hold is read back
   */
  readonly fresh?: ObjectState | undefined
}

/** Options of a change of a retention. */
export interface PutRetentionOptions extends CallOptions {
  /**
   * The object as it was read a moment ago: a retention that it shows needs not be read again before the change.
   *
   * @defaultValue the storage reads it
   */
  readonly fresh?: ObjectState | undefined
}

/** Options of the completion of a reading. */
export interface CompleteOptions extends CallOptions {
  /**
   * The version is put under a hold before it is copied, and read again with that (`PutLegalHoldOptions.fresh`): what the
   * storage is sure that it may read can wait until then.
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
  /** How user metadata changes: in place, by a new version (a copy onto itself), or not at all. */
  readonly metadataUpdate: 'in-place' | 'new-version' | 'none'
}

/**
 * Where the recordings land. Implementations normalise every failure to `LegalHoldError`, with
 * `OBJECT_CHANGED` where a pinned version or ETag no longer matches.
 */
export interface StorageAdapter {
  /** `s3`, `memory`, or your own. */
  readonly name: string
  readonly bucket: string
  /**
   * Which server the bucket is on, as a URL or a name; `aws` for Amazon S3. Two servers may have buckets of one name, and
   * a journal of one of them is then refused for the other. Only scheme, host and port are recorded.
   *
   * @defaultValue not known, and not compared
   */
  readonly endpoint?: string | undefined
  /**
   * What an error names where nobody has answered yet: the first contact of a call ends after `connectTimeoutMs`.
   *
   * @defaultValue not known: an outage is waited for from the beginning, as `retry` says
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
  /** The same as `list`, in the pieces in which the storage answers: an await for each object costs more than its line. */
  listPages?(prefix: string, options?: ListOptions): AsyncIterable<readonly ListedObject[]>
  /** Next "folders" under a prefix, up to `/`. */
  listFolders(prefix: string, options?: CallOptions): AsyncIterable<string>
  head(ref: ObjectRef, options?: HeadOptions): Promise<HeadResult>
  /**
   * Reads what a repair must keep and `state` does not show, which was read a moment ago: with `full: true`, or less. A
   * repair asks for it before a copy, so that what was read is not read twice. Tags that the storage is sure to carry, by
   * their count, may stay unread. Without it the object is read again with `full: true`.
   */
  complete?(state: ObjectState, options?: CompleteOptions): Promise<ObjectState>
  /**
   * Writes `metadata` as the complete user metadata and keeps everything else that `before` (read with
   * `full: true`) shows, its Object Lock state included. Pins the source by its version and ETag.
   *
   * Where it is known before the copy that another version is current, nothing is written: `OBJECT_CHANGED`, `not-applied`.
   * Where somebody else writes in between, the copy lies on top of that all the same. It is not an error: say so in
   * {@link MutationResult.beneath}, and the repair makes good what the copy demoted. A storage that only knows that somebody
   * wrote throws `OBJECT_CHANGED` with the outcome `applied`; the repair then looks for itself.
   */
  replaceMetadata(
    before: ObjectState,
    metadata: Readonly<Record<string, string>>,
    options?: ReplaceMetadataOptions,
  ): Promise<MutationResult>
  /**
   * Rejects as `replaceMetadata` would before it sends anything, where something would be lost. A repair asks before
   * its first step, so that an object that cannot be repaired is left alone altogether, and a dry run can say so.
   */
  checkReplaceMetadata?(
    before: ObjectState,
    metadata: Readonly<Record<string, string>>,
    options?: ReplaceMetadataOptions,
  ): Promise<void>
  /**
   * Versions and delete markers under a prefix: keys in UTF-8 byte order, the versions of a key newest first. Without
   * it, only current versions can be spoken of.
   */
  listVersions?(
    prefix: string,
    options?: CallOptions & { readonly startAfter?: string | undefined },
  ): AsyncIterable<ListedVersion>
  /** The requests that a repair with these steps takes, by operation: for what it costs. Sends nothing. */
  requestsOf?(
    before: ObjectState,
    steps: readonly RemediationStep[],
    options?: Pick<ReplaceMetadataOptions, 'looksBeneath'>,
  ): Readonly<Record<string, number>>
  /** Adds or changes the given tags, keeps the others. */
  mergeTags(ref: ObjectRef, tags: Readonly<Record<string, string>>, options?: MergeTagsOptions): Promise<MutationResult>
  /**
   * Writes `tags` as the complete set. Only a release asks for it, the one stage that takes anything away. Where the
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
  /** A small object's content as text, for sidecars; `undefined` where it is larger than `maxBytes`. */
  readText?(ref: ObjectRef, options: CallOptions & { readonly maxBytes: number }): Promise<string | undefined>
  /**
   * An object version's content in pieces, for a digest of it. A content that ends early or changes underway is a
   * thrown `LegalHoldError`, never a short one.
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
  /** Key after which to begin, whether there is such an object or not. @defaultValue the first under the prefix */
  readonly startAfter?: string | undefined
  /** No more entries than these are wanted, up to 1,000: one small page instead of whole ones. @defaultValue all */
  readonly limit?: number | undefined
}

/** Options of the reading of a content. */
export interface ReadContentOptions extends CallOptions {
  /** As HEAD showed it: the content of another one is refused (`OBJECT_CHANGED`). @defaultValue not compared */
  readonly etag?: string | undefined
}

/** A version or delete marker that lies right beneath another one. */
export interface VersionBeneath {
  readonly versionId: string
  readonly isDeleteMarker: boolean
}
