import type { Finding } from './findings.js'
import type { LegalHold } from './hold.js'
import type { ObjectTraits } from './identity.js'
import type { ExportRequest } from './request.js'
import type { HoldRequirements } from './requirements.js'
import type { RemediationStep } from './verdict.js'

/** What every I/O call takes. An aborted signal rejects the call with `ABORTED`. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** A span of time, ISO 8601 in UTC, start inclusive, end exclusive. */
export interface Interval {
  readonly start: string
  readonly end: string
}

// ---------------------------------------------------------------- platform

/** What a platform can do; the stages ask this instead of knowing its name. */
export interface PlatformCapabilities {
  /** The platform writes the hold into the objects' metadata (bulk exports), or never does (recording jobs). */
  readonly stampsHoldMetadata: boolean
  /** How a create with unknown outcome is settled: by an idempotency key, by looking for the job, or not at all. */
  readonly idempotency: 'key' | 'lookup' | 'none'
  readonly deletionProtection: boolean
  /** Whether `expectedRecordings` lists every recording; without it only the job's totals can be compared. */
  readonly listsExpectedRecordings: boolean
}

/**
 * The closed set of job states, in the words of the recording jobs API.
 * Other platforms map theirs onto it (bulk exports: `completed` is `FULFILLED`).
 */
export type JobState = 'PENDING' | 'READY' | 'PROCESSING' | 'FULFILLED' | 'FAILED' | 'CANCELLED'

/** Totals as the platform counts them; any may be unknown before `READY`. */
export interface JobTotals {
  readonly conversations?: number | undefined
  readonly recordings?: number | undefined
  readonly processed?: number | undefined
  readonly failed?: number | undefined
  readonly skipped?: number | undefined
}

/** One export job on the platform. Plain data: may be stored and passed to another process. */
export interface ExportJob {
  readonly id: string
  readonly state: JobState | 'UNKNOWN'
  /** The platform's own word for the state. */
  readonly platformState: string
  readonly percentProgress?: number | undefined
  readonly totals: JobTotals
  /** The platform's own message of a failed or cancelled job. */
  readonly errorMessage?: string | undefined
  /** ISO 8601. */
  readonly createdAt?: string | undefined
  /** What the job was created for; absent on a job that somebody else created. */
  readonly request?: ExportRequest | undefined
  /** Genesys `inin-correlation-id` of the answer this was read from. */
  readonly correlationId?: string | undefined
}

/** A profile (bulk exports) or an integration (recording jobs), as far as the stages need to know it. */
export interface ProfileInspection {
  readonly id: string
  readonly name?: string | undefined
  readonly kind: 'integration' | 'export-profile'
  /** Bucket the platform will deliver to, where it says so. */
  readonly bucket?: string | undefined
  /** Role or account it delivers with, where it says so. */
  readonly role?: string | undefined
  readonly includesHoldMetadata?: boolean | undefined
  readonly retentionPolicy?: string | undefined
  readonly findings: readonly Finding[]
}

/** How far the platform's own index reaches into an interval. */
export interface PlatformCoverage {
  /** ISO 8601. Recordings later than this may be unknown to the job. Absent: the platform does not say. */
  readonly availableUntil?: string | undefined
}

/** One recording that the platform says belongs to the job. */
export interface ExpectedRecording {
  readonly recordingId: string
  readonly conversationId: string
  /** ISO 8601; start of the conversation, which names its folder on S3. Absent where the platform does not say. */
  readonly conversationStart?: string | undefined
  /** `call`, `chat`, `email`, `message`, `screen`; absent where the platform does not say. */
  readonly mediaType?: string | undefined
  /** ISO 8601; when the platform says it was exported. No proof of landing. */
  readonly exportedAt?: string | undefined
  /** ISO 8601; when the platform will delete it. */
  readonly deleteAt?: string | undefined
  /** Set where the platform leaves the recording out of the job although the request covers it, e.g. `sensitive`. */
  readonly skippedReason?: string | undefined
  /**
   * It began after the interval: of a conversation that went on. It need not land, and is counted only if it does; where
   * the job counts more recordings than the others, it is waited for.
   *
   * @defaultValue false
   */
  readonly isLaterThanInterval?: boolean | undefined
}

/** A conversation that the request covers, of which it is not known what recordings it has. */
export interface UndecidedConversation {
  readonly conversationId: string
  /** ISO 8601. */
  readonly conversationStart?: string | undefined
}

/** How a platform came to its list of expected recordings, and what that cost. */
export interface ExpectedListing {
  /** The cheapest source that answered: `retention-query`, `recording-metadata`, or the platform's own word. */
  readonly source: string
  /** Requests to the platform, by source. */
  readonly calls: Readonly<Record<string, number>>
  readonly conversations: number
  /** Conversations whose recordings are not known, because finding out would have cost too much. */
  readonly undecided: number
  /**
   * Conversations that had not ended when they were listed, and of which more may be recorded that began inside the
   * interval: it is in no list.
   */
  readonly ongoing?: number | undefined
  /** Why the list may lack recordings. Coverage is then not proven. */
  readonly doubt?: string | undefined
  /** Why a cheaper source was not used, or why something is undecided. */
  readonly reason?: string | undefined
}

/** Options of `expectedRecordings`. */
export interface ExpectedRecordingsOptions extends CallOptions {
  /** Told of each conversation whose recordings the list does not name: what lands in it counts as expected. */
  readonly onUndecided?: ((conversation: UndecidedConversation) => void) | undefined
  /** Told once, when the list is complete. */
  readonly onListing?: ((listing: ExpectedListing) => void) | undefined
}

/** Options of `explainMissing`. */
export interface ExplainMissingOptions extends CallOptions {
  /** Told once, at the end, what that cost. */
  readonly onListing?: ((listing: ExpectedListing) => void) | undefined
}

/** What a platform says of a recording that was not delivered. */
export interface MissingExplanation {
  readonly recordingId: string
  /** `skipped`: left out by the platform; `not-covered`: the request does not mean it; `expected`: it should be there. */
  readonly kind: 'skipped' | 'not-covered' | 'expected'
  /** For `skipped`: `deleted`, `sensitive`, …; for `not-covered` its medium. */
  readonly reason?: string | undefined
}

/** One recording the job could not export. */
export interface FailedRecording {
  readonly recordingId: string
  readonly conversationId?: string | undefined
  readonly reason?: string | undefined
}

/** A conversation that is not protected from deletion at the source, or not known to be. */
export interface ProtectionFailure {
  readonly conversationId: string
  /**
   * The platform's own code; `not-protected` where it gives none and does not name the conversation among the protected
   * ones, `not-verified` where it did not answer which are.
   */
  readonly code?: string | undefined
  readonly reason?: string | undefined
}

/** Result of switching deletion protection on at the source. Every conversation is counted once. */
export interface ProtectionResult {
  /** Those of which the platform, asked after the request, says that they are protected. */
  readonly protectedConversations: number
  /** All others. */
  readonly failed: readonly ProtectionFailure[]
}

/** Puts a forced profile setting back to what it was. */
export interface ForcedProfile {
  readonly changed: boolean
  restore(options?: CallOptions): Promise<void>
}

/** Who the platform's data belongs to. */
export interface Organization {
  readonly id: string
  readonly name?: string | undefined
}

/**
 * The Genesys Cloud side. Implementations normalise every failure to `LegalHoldError` and speak only the plain
 * data of this library.
 */
export interface RecordingPlatform {
  /** `recording-jobs`, `bulk-exports`, or your own. */
  readonly name: string
  /** AWS name of the region the organisation lives in, e.g. `eu-west-1`. */
  readonly region?: string | undefined
  readonly capabilities: PlatformCapabilities

  organization(options?: CallOptions): Promise<Organization>
  /** Reads the profile or integration. An unknown id is the finding `profile-not-found`, not an error. */
  inspectProfile(id: string, options?: CallOptions): Promise<ProfileInspection>
  /** Findings about a request before anything is created: formats, sensitive recordings, busy job slots. */
  inspectRequest(request: ExportRequest, options?: CallOptions): Promise<readonly Finding[]>
  coverage(interval: Interval, options?: CallOptions): Promise<PlatformCoverage>
  /** Never retried blindly. An unknown outcome is `JOB_OUTCOME_UNKNOWN`; busy slots are `JOB_SLOTS_BUSY` (retryable). */
  createJob(request: ExportRequest, context: CreateJobContext, options?: CallOptions): Promise<ExportJob>
  /** The newest job of ours with the same query that is not failed or cancelled, created at or after `since`. */
  findJob(request: ExportRequest, context: FindJobContext, options?: CallOptions): Promise<ExportJob | undefined>
  /** Starts a `READY` job; a no-op on platforms whose jobs start by themselves. */
  executeJob(job: ExportJob, options?: CallOptions): Promise<ExportJob>
  getJob(id: string, options?: CallOptions): Promise<ExportJob>
  cancelJob(id: string, options?: CallOptions): Promise<void>
  failedRecordings(job: ExportJob, options?: CallOptions): AsyncIterable<FailedRecording>
  /**
   * Whether `expectedRecordings` can list those of this request; where it cannot, only the job's totals are compared.
   *
   * @defaultValue true
   */
  listsRecordings?(request: ExportRequest): boolean
  /**
   * Whether a name may be the id of one of its recordings. It is asked where no list names them: a file of such a name
   * with a sidecar then counts as a recording, and any other as an attachment.
   *
   * @defaultValue any name may
   */
  isRecordingId?(name: string): boolean
  /** Every recording that the request covers, the skipped ones marked. */
  expectedRecordings(
    job: ExportJob,
    request: ExportRequest,
    options?: ExpectedRecordingsOptions,
  ): AsyncIterable<ExpectedRecording>
  /**
   * Looks closer at recordings that were expected and did not come, grouped by their conversations. Says nothing of
   * those it may not spend more requests on.
   */
  explainMissing?(
    missing: Iterable<{ readonly recordingId: string; readonly conversationId: string }>,
    request: ExportRequest,
    options?: ExplainMissingOptions,
  ): AsyncIterable<MissingExplanation>
  /**
   * Genesys' own legal hold at the source, 100 conversations a call. What the request itself is answered proves nothing:
   * the platform has to be asked afterwards.
   */
  protect?(conversationIds: readonly string[], options?: CallOptions): Promise<ProtectionResult>
  /** Switches the hold metadata of a profile on; rejects with `UNSUPPORTED` unless the caller allowed it. */
  forceHoldMetadata?(profileId: string, options?: CallOptions): Promise<ForcedProfile>
  /**
   * Puts a profile back that a run forced which was then interrupted, as `restore()` of its {@link ForcedProfile} would
   * have. Without it such a profile stays as it is.
   */
  restoreHoldMetadata?(profileId: string, includesHoldMetadata: boolean, options?: CallOptions): Promise<void>
  /** How often a run may force the profile and export again; 0 where the caller did not allow it. */
  readonly forcedRetries?: number | undefined
  /** Whether deletion protection is to be switched on before the export (opt-in). */
  readonly protectSource?: boolean | undefined
}

/** What a job is created for, beside the request. */
export interface CreateJobContext {
  readonly hold: LegalHold
  readonly runId: string
}

/** What an existing job must match, beside the request. */
export interface FindJobContext {
  readonly hold: LegalHold
  /** ISO 8601. */
  readonly since: string
}

// ---------------------------------------------------------------- storage

/** One object version. */
export interface ObjectRef {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string | undefined
}

/** One entry of a listing. */
export interface ListedObject extends ObjectRef {
  /** Absent where the listing leaves it out: unknown then, never 0. */
  readonly sizeBytes?: number | undefined
  readonly etag?: string | undefined
  /** ISO 8601. */
  readonly lastModified?: string | undefined
  readonly storageClass?: string | undefined
}

/** Options of a listing. */
export interface ListOptions extends CallOptions {
  /** Key after which to begin, whether there is such an object or not. @defaultValue the first under the prefix */
  readonly startAfter?: string | undefined
  /** No more entries than these are wanted, up to 1,000: one small page instead of whole ones. @defaultValue all */
  readonly limit?: number | undefined
}

/** One version of a key, or a delete marker, as a listing of versions shows it. */
export interface ListedVersion extends ObjectRef {
  readonly versionId: string
  /** The current one: what a request without a version is about. */
  readonly isLatest: boolean
  readonly deleteMarker: boolean
  /** 0 for a delete marker; absent where the listing leaves it out. */
  readonly sizeBytes?: number | undefined
  readonly etag?: string | undefined
  /** ISO 8601. */
  readonly lastModified?: string | undefined
  readonly storageClass?: string | undefined
}

/** What a bucket is configured to do. A field that could not be read is `unreadable`, never a guess. */
export interface BucketInspection {
  readonly bucket: string
  readonly region?: string | undefined
  readonly versioning: 'Enabled' | 'Suspended' | 'Off' | 'unreadable'
  readonly objectLock: 'Enabled' | 'Off' | 'unreadable'
  readonly defaultRetention?:
    | { readonly mode: RetentionMode; readonly days?: number; readonly years?: number }
    | undefined
  readonly defaultEncryption?: string | 'unreadable' | undefined
  readonly objectOwnership?: string | 'unreadable' | undefined
  readonly findings: readonly Finding[]
}

export type RetentionMode = 'GOVERNANCE' | 'COMPLIANCE'

/** Object Lock retention of one version. */
export interface Retention {
  readonly mode: RetentionMode
  /** ISO 8601. */
  readonly retainUntilDate: string
}

/** A grant of an ACL, as S3 returns it. */
export interface AclGrant {
  readonly grantee: string
  readonly permission: string
}

/** Headers of an object that belong to its content and have to survive a repair. Byte for byte as HEAD returned them. */
export interface ContentHeaders {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly contentLanguage?: string | undefined
  readonly contentDisposition?: string | undefined
  readonly cacheControl?: string | undefined
  readonly expires?: string | undefined
  readonly websiteRedirectLocation?: string | undefined
}

/** How an object is encrypted at rest. */
export interface ObjectEncryption {
  readonly algorithm?: string | undefined
  readonly kmsKeyId?: string | undefined
  readonly bucketKeyEnabled?: boolean | undefined
  /** Set for SSE-C: the object cannot be read or copied without the caller's key. */
  readonly customerAlgorithm?: string | undefined
}

/** Checksum as S3 stores it. */
export interface ObjectChecksum {
  /** As S3 names it: `CRC64NVME`, `SHA256`, `SHA512`, … An open set: one that this library does not know is kept, too. */
  readonly algorithm: string
  /** In base64. */
  readonly value: string
  readonly type?: 'FULL_OBJECT' | 'COMPOSITE' | (string & {}) | undefined
}

/**
 * All that is known of one object version. `undefined` means "not asked for"; what was asked for and refused is
 * `unreadable`, since an absent lock field may only mean a missing permission (s3-facts, Object Lock).
 */
export interface ObjectState extends ObjectRef {
  /** Absent where HEAD leaves it out (RFC 9110, 8.6) and nobody asked in another way: unknown then, never 0. */
  readonly sizeBytes?: number | undefined
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
  /** User metadata without the `x-amz-meta-` prefix, names lower-case, values byte for byte. No prototype. */
  readonly metadata: Readonly<Record<string, string>>
  /** Number of metadata values S3 could not return (`x-amz-missing-meta`). */
  readonly missingMetadata?: number | undefined
  readonly headers: ContentHeaders
  readonly storageClass?: string | undefined
  readonly archiveStatus?: string | undefined
  readonly restore?: string | undefined
  readonly encryption: ObjectEncryption
  readonly checksum?: ObjectChecksum | undefined
  /**
   * All checksums where S3 shows several, `checksum` first. `unreadable` where the server refuses to be asked for them:
   * whether there is one is not known then.
   */
  readonly checksums?: readonly ObjectChecksum[] | 'unreadable' | undefined
  readonly replicationStatus?: string | undefined
  readonly tagCount?: number | undefined
  readonly tags?: Readonly<Record<string, string>> | 'unreadable' | undefined
  readonly legalHold?: 'ON' | 'OFF' | 'unreadable' | undefined
  readonly retention?: Retention | 'none' | 'unreadable' | undefined
  readonly acl?: readonly AclGrant[] | 'bucket-owner-enforced' | 'unreadable' | undefined
  readonly partsCount?: number | undefined
  readonly requestId?: string | undefined
  /** HTTP status of the answer. */
  readonly status?: number | undefined
}

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
  /** Read legal hold and retention, telling "off" from "not allowed to see". @defaultValue false */
  readonly lock?: boolean | undefined
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
}

/** Options of a merge of tags. */
export interface MergeTagsOptions extends CallOptions {
  /**
   * The tags as they were when the merge was decided on. Where one of those that are to be changed has another value by
   * now, nothing is written (`OBJECT_CHANGED`): it may be another matter's.
   */
  readonly expected?: Readonly<Record<string, string>> | undefined
}

/** Options of a change of an Object Lock hold. */
export interface PutLegalHoldOptions extends CallOptions {
  /**
   * The hold as it was when the change was decided on. Where it is another by now, nothing is written
   * (`OBJECT_CHANGED`): a hold that somebody else has put there must not be taken for ours.
   */
  readonly expected?: 'ON' | 'OFF' | undefined
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
   * Writes `metadata` as the complete user metadata and keeps everything else that `before` (read with
   * `full: true`) shows, its Object Lock state included. Pins the source by its version and ETag.
   *
   * Where it is known before the copy that another version is current, nothing is written: `OBJECT_CHANGED`, `not-applied`.
   * Where somebody else writes in between, the copy lies on top of that all the same. It is no error: say so in
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
  requestsOf?(before: ObjectState, steps: readonly RemediationStep[]): Readonly<Record<string, number>>
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
  putRetention(ref: ObjectRef, retention: Retention, options?: CallOptions): Promise<MutationResult>
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

// ---------------------------------------------------------------- retention

/** What a retention policy is asked about. */
export interface RetentionContext {
  readonly hold: LegalHold
  readonly requirements: HoldRequirements
  readonly request: ExportRequest
  readonly organizationId: string
  readonly bucket: string
  /** Prefix under which the recordings lie. */
  readonly prefix: string
  readonly profile: ProfileInspection
  readonly bucketInspection: BucketInspection
  readonly now: Date
}

/** "Would anything delete, expire or strip these recordings before or despite the hold?" */
export interface RetentionPolicyAdapter {
  readonly name: string
  evaluate(context: RetentionContext, options?: CallOptions): Promise<readonly Finding[]>
}

// ---------------------------------------------------------------- journal, clock, logger

/**
 * What a record of the journal is about.
 *
 * - `run-started`, `run-resumed`, `run-stopped` (by a failure or an abort), `report`: the run itself
 * - `finding`, `acceptance`, `inspection` (the whole of it, once it is over)
 * - `job-intent` before a job is asked for, `job` when it exists and when it ended, `job-cancel` before a cancellation
 * - `profile-intent` before a profile is forced, with what it was; `profile-restored` when it is that again
 * - `protection` at the source
 * - `intent` before and `outcome` after each change of an object, `verdict` when an object is done with
 * - `listing` when the list of what a job is to export has been read
 * - `withdrawal` when the platform said that recordings of a list are not meant
 * - `watermark` up to which key of a folder everything that was listed is on record: where a resumed run begins to list
 * - `release` before and after a release, with its reason
 * - `recording` what became of a recording
 */
export type JournalRecordType =
  | 'run-started'
  | 'run-resumed'
  | 'run-stopped'
  | 'finding'
  | 'acceptance'
  | 'inspection'
  | 'job-intent'
  | 'job'
  | 'job-cancel'
  | 'profile-intent'
  | 'profile-restored'
  | 'protection'
  | 'intent'
  | 'outcome'
  | 'verdict'
  | 'listing'
  | 'withdrawal'
  | 'watermark'
  | 'release'
  | 'recording'
  | 'report'

/** One thing observed or done. */
export interface JournalEntry {
  readonly type: JournalRecordType
  /** What `JSON.stringify` makes of it is what is kept. */
  readonly data: Readonly<Record<string, unknown>>
}

/** An entry as the journal keeps it. */
export interface JournalRecord extends JournalEntry {
  /** 1 for the first record, without gaps. */
  readonly sequence: number
  /** ISO 8601 in UTC. */
  readonly time: string
  readonly runId: string
}

/** How a record is appended. */
export interface AppendOptions {
  /**
   * Resolve as soon as the record has its place in the order: it becomes durable soon after, or with the next record
   * that is not buffered. For what a resumed run can find out again. A journal may ignore it and be stricter.
   *
   * @defaultValue false
   */
  readonly buffered?: boolean | undefined
}

/**
 * Append-only record of all that was observed and done. One journal is the record of one run; a run on a journal that
 * was not finished goes on with it.
 */
export interface Journal {
  /**
   * Resolves once the record, and all before it, are durable. Takes the data at once: the caller may change it later.
   * After a record that could not be written every further one is refused.
   */
  append(record: Omit<JournalRecord, 'sequence'>, options?: AppendOptions): Promise<JournalRecord>
  /** All records in their order. */
  entries(options?: CallOptions): AsyncIterable<JournalRecord>
  head(): Promise<JournalRecord | undefined>
  /**
   * The records as they are stored, one a line, without the line break: what is sealed, byte for byte. Each has to be
   * written as `FileJournal` does it. Without this method the records are brought into that form when they are sealed.
   */
  lines?(options?: CallOptions): AsyncIterable<Uint8Array>
  /** Makes ready to write, refusing a second writer with `JOURNAL_LOCKED`. A run calls it before it reads. */
  open?(): Promise<unknown>
  /** Makes durable what was buffered and lets go of what is held for writing; a later call opens it again. */
  close?(): Promise<void>
}

// ---------------------------------------------------------------- evidence

/** Signs a statement. Ed25519, or ECDSA on P-256 or P-384 with SHA-256 or SHA-384 and a DER signature (as AWS KMS does). */
export interface Signer {
  /** The public key, SPKI in PEM. */
  publicKey(): Promise<string>
  sign(data: Uint8Array): Promise<Uint8Array>
}

/**
 * When to read an object's content for its SHA-256: where S3 holds no checksum of it (`missing`), always, never.
 */
export type HashContent = 'missing' | 'all' | 'none'

/** What a run made of its evidence. */
export interface SealedEvidence {
  readonly dir: string
  /** SHA-256 of the public key (SPKI, DER), as `sha256:` and hex: what a verifier compares. */
  readonly fingerprint: string
  /** Root of the tree over the record lines (RFC 6962), hex. */
  readonly rootHash: string
  /** Number of records. */
  readonly treeSize: number
  /** SHA-256 of the file `statement.dsse.json`, hex: to find it by. */
  readonly statementSha256: string
  /**
   * SHA-256 of the signed statement itself, hex: the payload of that file, to which the next bundle of the same matter is
   * chained. It stays the same whatever becomes of the envelope. Always given by `evidenceBundle()`.
   */
  readonly payloadSha256?: string | undefined
}

/** Turns a run into evidence. `evidenceBundle()` of `./node` makes one. */
export interface EvidenceSink {
  readonly hashContent: HashContent
  /** Called before the first record. Returns the journal to write to, which grows the evidence as it is written. */
  open(journal: Journal | undefined, options?: CallOptions): Promise<Journal>
  /** Called once the report is on record. */
  seal(journal: Journal, options?: CallOptions): Promise<SealedEvidence>
}

/** Time, injected so that tests need not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after `ms`; rejects at once with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/**
 * `console`, pino and winston fit as they are. What is logged beside the message is plain data, mostly `{ err }`; pino gets
 * it before the message, every other logger behind it.
 */
export interface Logger {
  debug(message: string, ...details: unknown[]): void
  info(message: string, ...details: unknown[]): void
  warn(message: string, ...details: unknown[]): void
  error(message: string, ...details: unknown[]): void
}
