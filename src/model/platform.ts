import type { Finding } from './findings.js'
import type { ExportRequest } from './request.js'

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
  /** The platform's own message about a failed or cancelled job. */
  readonly errorMessage?: string | undefined
  /** ISO 8601. */
  readonly createdAt?: string | undefined
  /** The request that the job was created for; absent on a job that somebody else created. */
  readonly request?: ExportRequest | undefined
  /** Genesys `inin-correlation-id` of the answer this was read from. */
  readonly correlationId?: string | undefined
}

// ---------------------------------------------------------------- platform

/** What a platform can do. The stages check this instead of the platform's name. */
export interface PlatformCapabilities {
  /** The platform writes the hold into the objects' metadata (bulk exports), or never does (recording jobs). */
  readonly stampsHoldMetadata: boolean
  /** How a create with an unknown outcome is resolved: by an idempotency key, by looking for the job, or not at all. */
  readonly idempotency: 'key' | 'lookup' | 'none'
  readonly deletionProtection: boolean
  /** Whether `expectedRecordings` lists every recording; without it only the job's totals can be compared. */
  readonly listsExpectedRecordings: boolean
}

/** How far the platform's own index reaches into an interval. */
export interface PlatformCoverage {
  /** ISO 8601. Recordings later than this may be unknown to the job. Absent: the platform does not say. */
  readonly availableUntil?: string | undefined
}

/** A division of an organisation. */
export interface Division {
  readonly id: string
  readonly name?: string | undefined
}

/** The divisions in which the platform's lists show recordings to this client. */
export interface ClientScope {
  /**
   * `whole`: all divisions; `requested`: all that the request names; `narrow`: fewer; `unknown`: it could not be read.
   */
  readonly reach: 'whole' | 'requested' | 'narrow' | 'unknown'
  /** Divisions whose recordings are all listed. */
  readonly seen: readonly Division[]
  /** Divisions with recordings that are not listed. */
  readonly hidden: readonly Division[]
  /** Why the reach is not known. */
  readonly reason?: string | undefined
}

/** What an inspection of the source needs to know beside the request. */
export interface SourceContext {
  /** ISO 8601; the end of the hold. Absent for a hold without an end. */
  readonly heldUntil?: string | undefined
  /** AWS names of the regions in which data may lie. */
  readonly regions?: readonly string[] | undefined
  /** The run will ask for the audit trail. */
  readonly audit?: boolean | undefined
}

/** The conditions at the source that decide whether the lists are complete and the recordings stay. */
export interface SourceInspection {
  /** Absent if the platform has no divisions. */
  readonly scope?: ClientScope | undefined
  readonly findings: readonly Finding[]
}

/** One recording that the platform says belongs to the job. */
export interface ExpectedRecording {
  readonly recordingId: string
  readonly conversationId: string
  /** ISO 8601; start of the conversation, which names its folder on S3. Absent if the platform does not say. */
  readonly conversationStart?: string | undefined
  /** `call`, `chat`, `email`, `message`, `screen`; absent if the platform does not say. */
  readonly mediaType?: string | undefined
  /** ISO 8601; when the platform says it was exported. That does not prove landing. */
  readonly exportedAt?: string | undefined
  /** ISO 8601; when the platform will delete it. */
  readonly deleteAt?: string | undefined
  /** Set if the platform leaves the recording out of the job although the request covers it, e.g. `sensitive`. */
  readonly skippedReason?: string | undefined
  /**
   * The recording began after the interval, in a conversation that continued. It need not land, and is counted
   * only if it does. The run waits for it if the job counts more recordings than the others.
   *
   * @defaultValue false
   */
  readonly isLaterThanInterval?: boolean | undefined
  /** Bytes of its media file. Absent if the platform does not say: Genesys Cloud does not. Shards are cut by it. */
  readonly sizeBytes?: number | undefined
  /** The platform must restore it from its archive before exporting it, which may take hours. @defaultValue false */
  readonly isArchived?: boolean | undefined
  /** AWS name of the region where it is stored. Absent if the platform does not say. */
  readonly region?: string | undefined
  /** What else is known of its conversation. */
  readonly conversation?: ConversationDetails | undefined
}

/** Details by which a person recognises a conversation. */
export interface ConversationDetails {
  /** `inbound` or `outbound`. */
  readonly direction?: string | undefined
  /** The first queue that it was in. */
  readonly queueId?: string | undefined
  /** What people call that queue. Absent if the platform does not say. */
  readonly queueName?: string | undefined
  /** Ids of the users who handled it: only with `includeParticipants`. */
  readonly agents?: readonly string[] | undefined
  /** How the platform names the customer, by name, number or address: only with `includeParticipants`. */
  readonly customer?: string | undefined
}

/** A conversation that the request covers, but whose recordings are not known. */
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
   * Conversations that had not ended when they were listed. More recordings of them may have begun inside the
   * interval without being in any list.
   */
  readonly ongoing?: number | undefined
  /** Conversations without an end yet. Later recordings of them belong to a later interval. */
  readonly withoutEnd?: number | undefined
  /** Why the list may lack recordings. If it is set, coverage is not proven. */
  readonly doubt?: string | undefined
  /** Why a cheaper source was not used, or why something is undecided. */
  readonly reason?: string | undefined
}

/** What a platform says about a recording that was not delivered. */
export interface MissingExplanation {
  readonly recordingId: string
  /**
   * `skipped`: left out by the platform; `not-covered`: the request does not cover it; `expected`: it should be
   * there.
   */
  readonly kind: 'skipped' | 'not-covered' | 'expected'
  /** For `skipped`: `deleted`, `sensitive`, …; for `not-covered` its medium; for `expected` its state at the source. */
  readonly reason?: string | undefined
}

/** One recording the job could not export. */
export interface FailedRecording {
  readonly recordingId: string
  readonly conversationId?: string | undefined
  readonly reason?: string | undefined
}

/** Result of switching deletion protection on at the source. Every conversation is counted once. */
export interface ProtectionResult {
  /** Conversations that the platform reports as protected when asked after the request. */
  readonly protectedConversations: number
  /** All others. */
  readonly failed: readonly ProtectionFailure[]
}

/** Result of lifting deletion protection at the source. Every conversation is counted once. */
export interface UnprotectionResult {
  /** Conversations that the platform no longer reports as protected when asked after the request. */
  readonly unprotectedConversations: number
  /** All others. */
  readonly failed: readonly ProtectionFailure[]
}

/** A span of the audit trail, ISO 8601. */
export interface AuditSpan {
  readonly since: string
  readonly until: string
}

/** One audited action. */
export interface AuditEntry {
  /** ISO 8601. */
  readonly at: string
  /** `Delete`, `Export`, `ApplyProtection`, … in the platform's own words. */
  readonly action: string
  readonly id?: string | undefined
  /** `Recording`, `ScreenRecording`, `SnippetRecording`, `BulkActions`. */
  readonly entityType?: string | undefined
  /** Id of the recording, or of the job. */
  readonly entityId?: string | undefined
  readonly conversationId?: string | undefined
  readonly userId?: string | undefined
  readonly userName?: string | undefined
  /** OAuth client. */
  readonly clientId?: string | undefined
  /** `USER` or `SYSTEM`. */
  readonly level?: string | undefined
  /** `SUCCESS`, `FAILURE`, `WARNING`. */
  readonly status?: string | undefined
  /** Connects the action with the request that caused it. */
  readonly transactionId?: string | undefined
}

/** The organisation that owns the platform's data. */
export interface Organization {
  readonly id: string
  readonly name?: string | undefined
}

/** A conversation that is not protected from deletion at the source, or whose protection is not known. */
export interface ProtectionFailure {
  readonly conversationId: string
  /**
   * The platform's own code. `not-protected` if it gives none and does not list the conversation as protected.
   * `not-verified` if it did not answer which conversations are protected.
   */
  readonly code?: string | undefined
  readonly reason?: string | undefined
}
