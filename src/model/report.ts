import type { Finding, FindingCode } from './findings.js'
import type { LegalHold } from './hold.js'
import type { InventoryReport } from './inventory/report.js'
import type { AuditEntry, ClientScope, ExportJob, PlatformCoverage, ProtectionFailure } from './platform.js'
import type { Interval } from './request.js'
import type { HoldRequirements } from './requirements.js'

/** The final state of one recording with its companions. Every expected recording is in exactly one state. */
export type RecordingState =
  | 'held'
  | 'repaired'
  | 'conflicting'
  | 'unreadable'
  | 'unrepaired'
  | 'missing'
  | 'failedAtSource'
  | 'skippedAtSource'

/** The parts of a report on which its outcome rests; they may come out of a file that somebody edited. */
interface Account {
  readonly counts?: Partial<RecordingCounts> | null
  readonly coverage?: { readonly proven?: boolean } | null
  readonly inventory?: Partial<Pick<InventoryReport, 'objects'>> | null | undefined
  readonly accepted?: readonly string[] | null
}

/**
 * Whether each expected recording carries the hold, the interval is known to be covered, and no object rests on an
 * inventory that the caller did not accept as proof. Pure.
 *
 * @internal
 */
export function isWhole({ counts, coverage, inventory, accepted }: Account): boolean {
  const { held = 0, repaired = 0, expected } = counts ?? {}
  const restsOnInventory = (inventory?.objects ?? 0) > 0 && accepted?.includes('inventory-is-proof') !== true
  return held + repaired === expected && coverage?.proven === true && !restsOnInventory
}

/**
 * How a run ended. `complete` needs at least one recording. Every check of nothing passes, and a mistyped filter
 * must not look like an effective hold.
 */
export type RunOutcome = 'complete' | 'incomplete' | 'nothing-expected'

/**
 * The outcome that counts, coverage and proof allow at most. Pure.
 *
 * @internal
 */
export function outcomeOf(account: Account): RunOutcome {
  if (!isWhole(account)) return 'incomplete'
  return account.counts?.expected === 0 ? 'nothing-expected' : 'complete'
}

/**
 * Whether a report says more than its own counts and coverage do: nothing this library writes. Pure.
 *
 * @internal
 */
export function contradictsItself(report: Account & { readonly outcome?: unknown }): boolean {
  const claimsMore = report.outcome === 'complete' || report.outcome === 'nothing-expected'
  return claimsMore && report.outcome !== outcomeOf(report)
}

/** Counts of recordings; the states add up to `expected`. */
export type RecordingCounts = Readonly<Record<'expected' | RecordingState, number>>

/** Nothing counted yet. */
export const noRecordings: RecordingCounts = {
  expected: 0,
  held: 0,
  repaired: 0,
  conflicting: 0,
  unreadable: 0,
  unrepaired: 0,
  missing: 0,
  failedAtSource: 0,
  skippedAtSource: 0,
}

/** Counts of objects, as they were listed under the run's hour folders. */
export interface ObjectCounts {
  readonly listed: number
  readonly recordings: number
  readonly sidecars: number
  readonly attachments: number
  readonly transcripts: number
  /** Objects in the hour folders that no list of this job names. They are left alone. */
  readonly unexpected: number
  /** Why they count as objects of others: reasons with the number of objects. Absent if there are none. */
  readonly unexpectedReasons?: Readonly<Record<string, number>> | undefined
}

/** What the records of the verdicts in a run's journal add up to. */
export interface VerdictTotals {
  /** Greater than the number of objects if some were read again. */
  readonly count: number
  /** Hash total over object, verdict, outcome, ETag and size of each: 16 hexadecimal digits. */
  readonly digest: string
}

/** One recording that is neither held nor repaired. */
export interface RecordingException {
  readonly state: RecordingState
  readonly reason: string
  readonly recordingId?: string | undefined
  readonly conversationId?: string | undefined
  /**
   * The reason for programs: `SHARD_UNFINISHED` for a recording of a shard that was never sealed. Absent for all
   * others.
   */
  readonly code?: string | undefined
  /** The object that put the recording in this state. */
  readonly key?: string | undefined
  /** More than one if the platform counts recordings without naming them. @defaultValue 1 */
  readonly count?: number | undefined
  /** ISO 8601; when its conversation began. This and the following fields are absent if the platform does not say. */
  readonly conversationStart?: string | undefined
  /** `call`, `chat`, `email`, `message`, `screen`. */
  readonly mediaType?: string | undefined
  /** `inbound` or `outbound`. */
  readonly direction?: string | undefined
  /** The first queue that the conversation was in. */
  readonly queueId?: string | undefined
  /** What people call that queue. */
  readonly queueName?: string | undefined
  /** Ids of the users who handled the conversation: only with `includeParticipants`. */
  readonly agents?: readonly string[] | undefined
  /** How the platform names the customer: only with `includeParticipants`. */
  readonly customer?: string | undefined
  /** `false` for a recording that the platform's list does not name. It became known in another way. */
  readonly listed?: false | undefined
}

/** How far the platform's index reached. Up to that time no missing recording can go unnoticed. */
export interface CoverageReport {
  readonly proven: boolean
  /** ISO 8601: coverage is proven up to here. */
  readonly provenUntil?: string | undefined
  readonly availableUntil?: string | undefined
  readonly reason?: string | undefined
  /** `recordings`: each expected recording was looked for; `counts`: only the job's totals could be compared. */
  readonly depth: 'recordings' | 'counts'
  /** The divisions in which the client saw recordings. Absent if the platform does not say. */
  readonly scope?: ClientScope | undefined
}

/** How the list of expected recordings was obtained, and what that cost. */
export interface ReconciliationReport {
  /** `recordings`: each expected recording was looked for; `counts`: only the totals of the jobs could be compared. */
  readonly depth: 'recordings' | 'counts'
  /** `retention-query`, `recording-metadata`, `job-totals`, or the platform's own word. */
  readonly source: string
  /** Requests to the platform. */
  readonly calls: number
  readonly callsBySource: Readonly<Record<string, number>>
  /** Conversations whose recordings are not known beforehand; what landed in them counts as expected. */
  readonly undecided: number
  /**
   * Recordings that began after the interval, in conversations that continued, and that did not land. No count
   * includes them. Absent if there are none.
   */
  readonly laterThanInterval?: number | undefined
  /**
   * Conversations that had no end yet when they were listed. Later recordings of them belong to a later interval.
   * Absent if there are none.
   */
  readonly withoutEnd?: number | undefined
  /** Recordings by the region where they are stored, as far as the platform says. Absent if it does not. */
  readonly regions?: Readonly<Record<string, number>> | undefined
  /** Why a cheaper source was not used, or why something is undecided. */
  readonly reason?: string | undefined
}

/**
 * The result of deletion protection at the source. A conversation counts as protected only if the platform names
 * it when asked afterwards.
 */
export interface ProtectionReport {
  /** Conversations for which protection was requested. */
  readonly requested: number
  readonly protectedConversations: number
  /** The requested conversations that were already protected. Absent if the platform was not asked. */
  readonly alreadyProtected?: number | undefined
  /** Conversations that were certain to exceed the limit before any was protected. Absent for none. */
  readonly beyondCap?: number | undefined
  /** The first 1,000 conversations that are not protected, or not known to be, with the platform's code and reason. */
  readonly failed: readonly ProtectionFailure[]
}

/** What the platform's audit trail says about recordings, with `audit: true`. */
export interface AuditReport {
  /** ISO 8601; the start of the interval. */
  readonly since: string
  /** ISO 8601; when the trail was read, at the end of the run. */
  readonly until: string
  readonly isWhole: boolean
  /** Why the trail was not read completely. */
  readonly reason?: string | undefined
  /** How often each action occurred: `Recording Delete`, `BulkActions Export`, … */
  readonly actions: Readonly<Record<string, number>>
  /**
   * The first 1,000 entries by time: all changes of recordings, and the traces of this run's jobs. Reads and
   * exports are only counted.
   */
  readonly entries: readonly AuditEntry[]
}

/** US dollars, to a millionth. */
export interface CostDollars {
  readonly requests: number
  /** Reading the content that is copied out of an infrequent-access class. */
  readonly retrieval: number
  /** For additionally stored bytes, as long as they are stored. */
  readonly storagePerMonth: number
}

/** The cost of repairs in one storage class. */
export interface StorageClassCost {
  readonly objects: number
  /** By operation. */
  readonly requests: Readonly<Record<string, number>>
  readonly bytesCopied: number
  readonly extraBytesStored: number
  /** Objects of unknown size, whose bytes are not counted. Absent for none. */
  readonly unknownSizes?: number | undefined
  readonly dollars: CostDollars
  /** The cost of deleting a version early in this class. */
  readonly note?: string | undefined
}

/**
 * The cost of repairs in addition to the validation: of planned repairs in a dry run, otherwise of those made. An
 * estimate without second attempts and without charges for KMS and transfer.
 */
export interface RepairCost {
  /** When and where the prices were looked up. Set your own with `remediation.prices`. */
  readonly prices: {
    readonly asOf: string
    readonly region: string
    readonly source: string
  }
  /** By operation, e.g. `HeadObject`, `CopyObject`; empty if the storage does not say. */
  readonly requests: Readonly<Record<string, number>>
  readonly bytesCopied: number
  /** Bytes of the versions that copies leave beneath the new ones. */
  readonly extraBytesStored: number
  /** Objects of unknown size, whose bytes are not counted. Absent for none. */
  readonly unknownSizes?: number | undefined
  /** `total` is what is paid once: requests and retrieval. */
  readonly dollars: CostDollars & { readonly total: number }
  readonly byStorageClass: Readonly<Record<string, StorageClassCost>>
}

/** The result of the repairs, in objects. */
export interface RemediationSummary {
  readonly planned: number
  readonly repaired: number
  readonly notNeeded: number
  readonly refused: number
  readonly failed: number
  /** Steps by action. */
  readonly steps: Readonly<Record<string, number>>
  /** How often the export was repeated with the hold metadata forced on. */
  readonly forcedRetries: number
  readonly cost: RepairCost
}

/** One job of an engine: a round of shards. */
export interface ScaleJob {
  /** From 1. */
  readonly round: number
  /** The engine's own id. */
  readonly id: string
  /** How it ended, in the engine's words: `complete`, `failed`, `cancelled`. */
  readonly state: string
  /** Number of shards in the job. */
  readonly shards: number
  /** Why it failed, if the engine says so. */
  readonly reason?: string | undefined
}

/** How the work of a run was spread over shards. */
export interface ScaleReport {
  /** `local`, `s3-batch`, `map`, or the caller's own. */
  readonly engine: string
  readonly shards: number
  readonly rounds: number
  readonly jobs: readonly ScaleJob[]
}

/** What `run` returns: plain JSON, schema version 1. */
export interface RunReport {
  readonly schemaVersion: 1
  readonly runId: string
  readonly dryRun: boolean
  /** How often the run was interrupted and resumed with its journal. */
  readonly resumed: number
  /** ISO 8601 in UTC. */
  readonly startedAt: string
  /** ISO 8601 in UTC. */
  readonly finishedAt: string
  /**
   * `complete` only if every expected recording and its companions are held or repaired, and coverage is proven. An
   * object that only an inventory shows to be held counts if `inventory-is-proof` was accepted.
   * `nothing-expected` if coverage is proven and no recording matched the request.
   */
  readonly outcome: RunOutcome
  readonly hold: LegalHold
  /** Who ran it; for a resumed run, who ran its last part. Absent if not given. */
  readonly operator?: string | undefined
  /** The command or job that ran it. Absent if not given. */
  readonly command?: string | undefined
  readonly requirements: HoldRequirements
  readonly platform: {
    readonly name: string
    readonly region?: string | undefined
    /** The client of the organisation that made the requests. Absent if the platform does not say. */
    readonly clientId?: string | undefined
    readonly organizationId: string
    readonly organizationName?: string | undefined
  }
  readonly storage: { readonly name: string; readonly bucket: string; readonly region?: string | undefined }
  /** The first job. */
  readonly job: ExportJob
  /** All jobs. There is more than one if the request was split, or if a part was exported later. */
  readonly jobs: readonly ExportJob[]
  readonly interval: Interval
  readonly coverage: CoverageReport
  readonly reconciliation: ReconciliationReport
  /** Absent if no protection at the source was requested. */
  readonly protection?: ProtectionReport | undefined
  /** Absent without `audit: true`. */
  readonly audit?: AuditReport | undefined
  readonly findings: readonly Finding[]
  /** Codes of blockers, and of `client-scope-unknown`, that the caller accepted and that occurred. */
  readonly accepted: readonly FindingCode[]
  readonly counts: RecordingCounts
  readonly objects: ObjectCounts
  /** Totals of the last attempt at the export. Absent from reports of versions that did not compute them. */
  readonly verdicts?: VerdictTotals | undefined
  /** The first 1,000. */
  readonly exceptions: readonly RecordingException[]
  readonly remediations: RemediationSummary
  /** Absent if the run was given no inventory. */
  readonly inventory?: InventoryReport | undefined
  /** Absent if one process did all the work. */
  readonly scale?: ScaleReport | undefined
  /** Milliseconds by stage; the stages overlap. For a resumed run all but `total` cover only its last part. */
  readonly timings: Readonly<Record<string, number>>
}

/** Whether the platform's index covers an interval to its end. */
export function covers({ availableUntil }: PlatformCoverage, interval: Interval): boolean {
  return availableUntil !== undefined && Date.parse(availableUntil) >= Date.parse(interval.end)
}
