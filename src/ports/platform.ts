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
  /** Called for each conversation whose recordings the list does not name. Objects that land in it count as expected. */
  readonly onUndecided?: ((conversation: UndecidedConversation) => void) | undefined
  /** Called once, when the list is complete. */
  readonly onListing?: ((listing: ExpectedListing) => void) | undefined
  /** Whether agents and customers are named. Their names are personal data. @defaultValue false */
  readonly includeParticipants?: boolean | undefined
}

/** Options of `auditTrail`. */
export interface AuditTrailOptions extends CallOptions {
  /** Called with the reason if the trail was not read completely. */
  readonly onDoubt?: ((reason: string) => void) | undefined
}

/** Options of `explainMissing`. */
export interface ExplainMissingOptions extends CallOptions {
  /** Called once at the end with the cost. */
  readonly onListing?: ((listing: ExpectedListing) => void) | undefined
}

/** Restores a forced profile setting to its former value. */
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
  /**
   * Which client of the organisation asks, e.g. the id of its OAuth client. It must not be a secret, because the
   * report contains it.
   */
  readonly clientId?: string | undefined
  readonly capabilities: PlatformCapabilities

  organization(options?: CallOptions): Promise<Organization>
  /** Reads the profile or integration. An unknown id is the finding `profile-not-found`, not an error. */
  inspectProfile(id: string, options?: CallOptions): Promise<ProfileInspection>
  /** Findings about a request before anything is created: formats, sensitive recordings, busy job slots. */
  inspectRequest(request: ExportRequest, options?: CallOptions): Promise<readonly Finding[]>
  /**
   * Inspects what else at the source decides whether the lists are complete and the recordings stay: the client's
   * divisions, retention, erasure, and recordings without a conversation. Data that it may not read becomes a
   * finding, never an error. Without this method nothing is reported about them.
   */
  inspectSource?(request: ExportRequest, context: SourceContext, options?: CallOptions): Promise<SourceInspection>
  /** Finds what began at the source since {@link inspectSource}. It is called before the report. */
  inspectSourceAgain?(request: ExportRequest, options?: CallOptions): Promise<readonly Finding[]>
  coverage(interval: Interval, options?: CallOptions): Promise<PlatformCoverage>
  /** Never retried blindly. An unknown outcome is `JOB_OUTCOME_UNKNOWN`; busy slots are `JOB_SLOTS_BUSY` (retryable). */
  createJob(request: ExportRequest, context: CreateJobContext, options?: CallOptions): Promise<ExportJob>
  /** Our newest job with the same query, created at or after `since`, that is neither failed nor cancelled. */
  findJob(request: ExportRequest, context: FindJobContext, options?: CallOptions): Promise<ExportJob | undefined>
  /** Starts a `READY` job; a no-op on platforms whose jobs start by themselves. */
  executeJob(job: ExportJob, options?: CallOptions): Promise<ExportJob>
  getJob(id: string, options?: CallOptions): Promise<ExportJob>
  cancelJob(id: string, options?: CallOptions): Promise<void>
  failedRecordings(job: ExportJob, options?: CallOptions): AsyncIterable<FailedRecording>
  /**
   * Whether `expectedRecordings` can list the recordings of this request. If it cannot, only the job's totals are
   * compared.
   *
   * @defaultValue true
   */
  listsRecordings?(request: ExportRequest): boolean
  /**
   * Whether a name may be the id of one of its recordings. It is called if no list names the recordings. A file
   * with such a name and a sidecar then counts as a recording, and any other file as an attachment.
   *
   * @defaultValue any name may
   */
  isRecordingId?(name: string): boolean
  /** Every recording that the request covers. Skipped recordings are marked. */
  expectedRecordings(
    job: ExportJob,
    request: ExportRequest,
    options?: ExpectedRecordingsOptions,
  ): AsyncIterable<ExpectedRecording>
  /**
   * Looks for the reasons why expected recordings did not land, grouped by their conversations. It leaves out
   * recordings that would exceed its limit of requests.
   */
  explainMissing?(
    missing: Iterable<{ readonly recordingId: string; readonly conversationId: string }>,
    request: ExportRequest,
    options?: ExplainMissingOptions,
  ): AsyncIterable<MissingExplanation>
  /** Who did what to recordings in a span. It reports unreadable parts to `onDoubt`, and never fails a run. */
  auditTrail?(span: AuditSpan, options?: AuditTrailOptions): AsyncIterable<AuditEntry>
  /**
   * Genesys' own legal hold at the source, 100 conversations per call. The answer to the request proves nothing:
   * the platform must be asked afterwards.
   */
  protect?(conversationIds: readonly string[], options?: CallOptions): Promise<ProtectionResult>
  /** Which of these conversations are protected at the source, 100 conversations per call. */
  protectedAmong?(conversationIds: readonly string[], options?: CallOptions): Promise<readonly string[]>
  /** How many conversations an organisation may protect at once. If it is left out, there is no limit. */
  readonly protectionCap?: number | undefined
  /** Lifts the protection of {@link protect}. Only a release that requests it (`releaseSource`) calls this method. */
  unprotect?(conversationIds: readonly string[], options?: CallOptions): Promise<UnprotectionResult>
  /** Switches the hold metadata of a profile on; rejects with `UNSUPPORTED` unless the caller allowed it. */
  forceHoldMetadata?(profileId: string, options?: CallOptions): Promise<ForcedProfile>
  /**
   * Restores a profile that an interrupted run had forced, as `restore()` of its {@link ForcedProfile} would have
   * done. Without this method such a profile stays forced.
   */
  restoreHoldMetadata?(profileId: string, includesHoldMetadata: boolean, options?: CallOptions): Promise<void>
  /** How often a run may force the profile and export again; 0 if the caller did not allow it. */
  readonly forcedRetries?: number | undefined
  /** Whether to switch on deletion protection before the export (opt-in). */
  readonly protectSource?: boolean | undefined
  /** Whether to read the audit trail, unless the exporter's own option says otherwise (opt-in). */
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
