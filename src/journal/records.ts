import type { LegalHoldError } from '../model/errors.js'
import type { Finding, FindingCode } from '../model/findings.js'
import type { ObjectRef, ObjectState } from '../model/object.js'
import type { ExportJob } from '../model/platform.js'
import type { JournalRecord, JournalRecordType } from '../model/record.js'
import type { RunReport } from '../model/report.js'
import type { RemediationStep } from '../model/verdict.js'
import type { MutationResult } from '../ports/storage.js'
import type {
  JobIntent,
  JournalledProfile,
  MutationContext,
  RecordedError,
  RecordedInspection,
  RecordedListing,
  RecordedProtection,
  RecordedRecording,
  RecordedRelease,
  RecordedResult,
  RecordedVerdict,
  RepairIntent,
  RepairOutcome,
  ResumedRun,
  RunIdentity,
  RunPolicy,
} from './record-data.js'
import type { RecordedShard, RecordedShardAccount, RecordedShardJob, RecordedShardPlan } from './shard-data.js'

export type { JobPart, JournalledProfile, MutationContext } from './record-data.js'

/** What each type of record says. `schemas/journal-record.schema.json` tells readers the same; a test compares the two. */
export interface JournalData {
  'run-started': RunIdentity & RunPolicy
  'run-resumed': ResumedRun & RunPolicy
  'run-stopped': { readonly error: RecordedError }
  finding: Finding
  acceptance: { readonly code: FindingCode; readonly subject: string; readonly reason?: string | undefined }
  inspection: RecordedInspection
  'job-intent': JobIntent
  job: ExportJob
  'job-cancel': { readonly jobId: string }
  'profile-intent': JournalledProfile
  'profile-restored': { readonly profileId: string }
  protection: RecordedProtection
  intent: RepairIntent
  outcome: RepairOutcome
  verdict: RecordedVerdict
  listing: RecordedListing
  withdrawal: { readonly recordings: number }
  watermark: { readonly prefix: string; readonly through: string }
  release: RecordedRelease
  recording: RecordedRecording
  'shard-plan': RecordedShardPlan
  'shard-job': RecordedShardJob
  'shard-account': RecordedShardAccount
  shard: RecordedShard
  report: RunReport
}

/** The members of something that came out of a file. Each may be missing, or anything, until it was checked. */
export type Untrusted<T> = { readonly [Name in keyof T]?: unknown }

type Envelope = Omit<JournalRecord, 'type' | 'data'>

/** What a record says in which run: a union by `type`, whose data are whatever somebody made of the file. */
export type UntrustedEntry = {
  readonly [Type in JournalRecordType]: Pick<JournalRecord, 'runId'> & {
    readonly type: Type
    readonly data: Untrusted<JournalData[Type]>
  }
}[JournalRecordType]

/** A record as it comes out of a journal. */
export type UntrustedRecord = Envelope & UntrustedEntry

/** A record whose data have the form that its type says: a union by `type`. `hasForm` finds out. */
export type CheckedRecord = {
  readonly [Type in JournalRecordType]: Envelope & { readonly type: Type; readonly data: JournalData[Type] }
}[JournalRecordType]

/** A record of one type that nobody checked. */
export type UntrustedOf<Type extends JournalRecordType> = Extract<UntrustedRecord, { readonly type: Type }>

/** A checked record of one type. */
export type RecordOf<Type extends JournalRecordType> = Extract<CheckedRecord, { readonly type: Type }>

/**
 * Told before and after each mutation. The intent must be durable before its promise resolves; an outcome that is
 * lost is read back by the run that resumes.
 */
export interface MutationWitness {
  intent(object: ObjectRef, step: RemediationStep, before: ObjectState, context: MutationContext): Promise<void>
  outcome(
    object: ObjectRef,
    step: RemediationStep,
    result: MutationResult | LegalHoldError,
    context: MutationContext,
  ): Promise<void>
}

/** What an interrupted run had begun on an object, as its journal tells. */
export interface BegunRepair {
  /** The object as it was before the first step; `undefined` if only versions beneath it were touched. */
  readonly original: ObjectState | undefined
  readonly steps: readonly BegunStep[]
  /** Ids of versions beneath the current one that should be held. */
  readonly noncurrent: ReadonlySet<string>
  /** When the last intent was recorded, in milliseconds. */
  readonly lastIntentAt: number
}

/** A step with its outcome; with neither result nor error nobody knows whether it was taken. */
export interface BegunStep {
  readonly step: RemediationStep
  /** The version that a copy was made of. */
  readonly madeOf?: string | undefined
  readonly result?: RecordedResult | undefined
  readonly error?: Partial<Pick<LegalHoldError, 'code' | 'outcome'>> | undefined
}
