import type { Finding } from '../model/findings.js'
import type { LegalHold } from '../model/hold.js'
import type { ProfileInspection } from '../model/inspection.js'
import type {
  AuditEntry,
  AuditSpan,
  ExpectedListing,
  ExpectedRecording,
  ExportJob,
  FailedRecording,
  MissingExplanation,
  Organization,
  PlatformCapabilities,
  PlatformCoverage,
  ProtectionResult,
  SourceContext,
  SourceInspection,
  UndecidedConversation,
  UnprotectionResult,
} from '../model/platform.js'
import type { ExportRequest, Interval } from '../model/request.js'
import type { CallOptions } from './runtime.js'

/** Options of `expectedRecordings`. */
export interface ExpectedRecordingsOptions extends CallOptions {
  /** Told of each conversation whose recordings the list does not name: what lands in it counts as expected. */
  readonly onUndecided?: ((conversation: UndecidedConversation) => void) | undefined
  /** Told once, when the list is complete. */
  readonly onListing?: ((listing: ExpectedListing) => void) | undefined
  /** Whether agents and customers are named: personal data. @defaultValue false */
  readonly includeParticipants?: boolean | undefined
}

/** Options of `auditTrail`. */
export interface AuditTrailOptions extends CallOptions {
  /** Told why the trail was not read as a whole. */
  readonly onDoubt?: ((reason: string) => void) | undefined
}

/** Options of `explainMissing`. */
export interface ExplainMissingOptions extends CallOptions {
  /** Told once, at the end, what that cost. */
  readonly onListing?: ((listing: ExpectedListing) => void) | undefined
}

/** Puts a forced profile setting back to what it was. */
export interface ForcedProfile {
  readonly changed: boolean
  restore(options?: CallOptions): Promise<void>
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
  /** Which client of the organisation asks, e.g. the id of its OAuth client. No secret: it goes into the report. */
  readonly clientId?: string | undefined
  readonly capabilities: PlatformCapabilities

  organization(options?: CallOptions): Promise<Organization>
  /** Reads the profile or integration. An unknown id is the finding `profile-not-found`, not an error. */
  inspectProfile(id: string, options?: CallOptions): Promise<ProfileInspection>
  /** Findings about a request before anything is created: formats, sensitive recordings, busy job slots. */
  inspectRequest(request: ExportRequest, options?: CallOptions): Promise<readonly Finding[]>
  /**
   * What else decides at the source whether the lists are whole and the recordings stay: the client's divisions, retention,
   * erasure, recordings without a conversation. What it may not read is a finding, never an error. Without it nothing is
   * said of them.
   */
  inspectSource?(request: ExportRequest, context: SourceContext, options?: CallOptions): Promise<SourceInspection>
  /** What may have begun at the source since {@link inspectSource}: asked again before the report. */
  inspectSourceAgain?(request: ExportRequest, options?: CallOptions): Promise<readonly Finding[]>
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
  /** Who did what to recordings in a span. What it may not read it tells to `onDoubt`, and fails no run. */
  auditTrail?(span: AuditSpan, options?: AuditTrailOptions): AsyncIterable<AuditEntry>
  /**
   * Genesys' own legal hold at the source, 100 conversations a call. What the request itself is answered proves nothing:
   * the platform must be asked afterwards.
   */
  protect?(conversationIds: readonly string[], options?: CallOptions): Promise<ProtectionResult>
  /** Which of these conversations are protected at the source, 100 conversations a call. */
  protectedAmong?(conversationIds: readonly string[], options?: CallOptions): Promise<readonly string[]>
  /** Conversations that an organisation may protect at once. Left out: any number. */
  readonly protectionCap?: number | undefined
  /** Lifts the protection of {@link protect}. Nothing but a release that asks for it (`releaseSource`) does that. */
  unprotect?(conversationIds: readonly string[], options?: CallOptions): Promise<UnprotectionResult>
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
  /** Whether the audit trail is to be read, where the exporter's own option does not say (opt-in). */
  readonly audit?: boolean | undefined
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
