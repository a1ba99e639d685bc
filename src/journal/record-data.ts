import type { LegalHoldError } from '../model/errors.js'
import type { FindingCode } from '../model/findings.js'
import type { LegalHold } from '../model/hold.js'
import type { Inspection, Residency } from '../model/inspection.js'
import type { ObjectChecksum, ObjectRef, ObjectState } from '../model/object.js'
import type { ExpectedListing, PlatformCoverage, UnprotectionResult } from '../model/platform.js'
import type { ProtectionReport, RecordingException } from '../model/report.js'
import type { ExportRequest } from '../model/request.js'
import type { HoldRequirements } from '../model/requirements.js'
import type {
  Difference,
  ObjectOutcome,
  ObjectPlace,
  ReleaseOutcome,
  RemediationOutcome,
  RemediationStep,
  RepairEstimate,
  VerdictKind,
} from '../model/verdict.js'
import type { MutationResult } from '../ports/storage.js'

/** By what rules a run went, beside its hold, requirements and request; the evidence carries a digest of it all. */
export interface RunPolicy {
  readonly tool: { readonly name: string; readonly version: string }
  /** What is not known is not compared. */
  readonly platform: { readonly name: string; readonly region?: string | undefined }
  /** Journals of earlier versions hold no endpoint. */
  readonly storage: { readonly name: string; readonly bucket: string; readonly endpoint?: string | undefined }
  readonly retention: readonly string[]
  readonly residency?: Residency | undefined
  readonly remediation: {
    readonly onConflict: string
    readonly protectOriginal: boolean
    readonly versions: string
    readonly allowOverwrite: boolean
  }
  readonly accept: readonly FindingCode[]
  readonly lookbackHours: number
  /** Who runs it. Absent if nobody said. */
  readonly operator?: string | undefined
  /** The command or job that runs it. Absent if nobody said. */
  readonly command?: string | undefined
  /** Which client of the platform asked. Absent if the platform does not say. */
  readonly clientId?: string | undefined
}

/** What a run is of. Only the same run resumes with a journal. */
export interface RunIdentity extends Pick<RunPolicy, 'platform' | 'storage'> {
  readonly request: ExportRequest
  readonly hold: LegalHold
  readonly requirements: HoldRequirements
  readonly dryRun: boolean
}

/** Where a run was resumed. */
export interface ResumedRun {
  /** How often it was resumed, with this time. */
  readonly resumed: number
  /** Verdicts of its last attempt that are before this record. */
  readonly verdicts: number
}

/** An error as a record keeps it: a `LegalHoldError` as its `toJSON` gives it, of any other its message. */
export interface RecordedError extends Partial<Pick<LegalHoldError, 'code' | 'outcome'>> {
  readonly message: string
}

/** What one job exports. */
export interface JobPart {
  readonly request: ExportRequest
  /** The job is created only when the platform's index covers the part. */
  readonly awaitIndex: boolean
}

/** What was found before the job was created, and how the request is split into jobs. */
export interface RecordedInspection extends Inspection {
  readonly parts: readonly JobPart[]
}

/** What a job is asked for with, recorded before it is. */
export interface JobIntent {
  /** 0 for the first export, then the repeats with the profile forced. */
  readonly attempt: number
  readonly request: ExportRequest
  /** How far the platform's index reached. */
  readonly coverage: PlatformCoverage
  /** It is the job of a run before. @defaultValue false */
  readonly takenUp?: boolean | undefined
}

/** What a journal says of a profile that a run was about to force. */
export interface JournalledProfile {
  readonly profileId: string
  /** Whether it included the hold metadata before; absent if the platform did not say. */
  readonly includesHoldMetadata?: boolean | undefined
}

/** What became of deletion protection at the source, for the conversations of one job. */
export interface RecordedProtection extends Omit<ProtectionReport, 'requested'> {
  readonly jobId: string
  /** Absent from records of earlier versions, which did not ask the platform afterwards. */
  readonly requested?: number | undefined
}

/** What a list of a job's recordings came to; what the platform says of the list itself is absent if it says nothing. */
export interface RecordedListing extends Partial<ExpectedListing> {
  readonly jobId: string
  /** Recordings that it names, without those later than the interval. */
  readonly expected: number
  /** Of those, the ones that the platform leaves out. */
  readonly skipped: number
  /** Of those, the ones that an earlier list names. Absent from records of earlier versions. */
  readonly repeated?: number | undefined
  /** Hash total over those that no earlier list names. Absent from records of earlier versions. */
  readonly digest?: string | undefined
  readonly laterThanInterval?: number | undefined
  /** The first 100 of those. */
  readonly laterRecordings?: readonly { readonly recordingId: string; readonly conversationId: string }[] | undefined
}

/** What a mutation belongs to. */
export interface MutationContext {
  /** Which attempt at the repair it is part of, from 1. */
  readonly attempt: number
  readonly place?: ObjectPlace | undefined
  /** Set if it is part of a release. */
  readonly release?: { readonly reason: string } | undefined
}

/** A record that is about one matter's hold on one object. */
interface OfObject {
  /** The tag. */
  readonly hold: string
  readonly object: ObjectRef
}

/** By which request something was learned. */
export interface RecordedRequest {
  readonly requestId?: string | undefined
  readonly httpStatus?: number | undefined
}

/** A change of an object that is about to be made. */
export interface RepairIntent extends OfObject, MutationContext {
  readonly step: RemediationStep
  readonly before: ObjectState
}

/** What a mutation answered. What it shows of the object beside that belongs to the object's own record. */
export type RecordedResult = Omit<MutationResult, 'after' | 'original'>

/** What came of it; with neither result nor error nobody knows whether it was made. */
export interface RepairOutcome extends OfObject, MutationContext {
  readonly action: RemediationStep['action']
  readonly request: RecordedRequest
  readonly result?: RecordedResult | undefined
  readonly error?: RecordedError | undefined
}

/** What was decided about an object once its verdict was known. */
export type Decision = 'leave' | 'repair' | 'plan' | 'refuse' | 'none'

/** How a repair stood up to being read back. */
export type Verification = 'passed' | 'failed' | 'not-needed' | 'not-done'

/** What is known of the content of an object version. */
export type ContentDigest =
  | {
      readonly algorithm: string
      readonly value: string
      readonly type?: ObjectChecksum['type']
      /** `storage`: the checksum that S3 holds, in base64; `content`: read here in full, in hex. */
      readonly source: 'storage' | 'content'
      readonly versionId?: string | undefined
    }
  | { readonly source: 'unavailable'; readonly reason: string }

/** What the journal keeps of an object's state: everything that was read, without what is empty. */
export type RecordedState = Omit<
  ObjectState,
  'bucket' | 'key' | 'requestId' | 'status' | 'headers' | 'encryption' | 'metadata'
> & {
  readonly headers?: ObjectState['headers'] | undefined
  readonly encryption?: ObjectState['encryption'] | undefined
  readonly metadata?: ObjectState['metadata'] | undefined
}

/** What became of one object: complete in itself, so that it can be disclosed without the others. */
export interface RecordedVerdict extends OfObject {
  readonly place: ObjectPlace
  readonly verdict: VerdictKind
  /** The verdict rests on what an inventory showed: `before` is that. No request was sent. */
  readonly provenBy?: 'inventory' | undefined
  /** When the inventory began. Set with `provenBy`. */
  readonly asOf?: string | undefined
  readonly outcome: ObjectOutcome
  readonly reason?: string | undefined
  readonly decision: Decision
  readonly remediation?: RemediationOutcome | undefined
  readonly actions: readonly string[]
  readonly estimate?: RepairEstimate | undefined
  readonly verification: Verification
  readonly differences?: readonly Difference[] | undefined
  readonly attempt: number
  readonly request: RecordedRequest
  /** The first job. */
  readonly job: { readonly id?: string | undefined; readonly correlationId?: string | undefined }
  readonly digest?: ContentDigest | undefined
  readonly digestBefore?: ContentDigest | undefined
  readonly before?: RecordedState | undefined
  readonly after?: RecordedState | undefined
}

/** Before and after a release. */
export interface RecordedRelease {
  readonly hold: LegalHold
  readonly reason: string
  readonly allowUnlock: boolean
  readonly dryRun: boolean
  readonly phase: 'begun' | 'ended'
  /** Set if the protection at the source is lifted as well. */
  readonly releaseSource?: true | undefined
  /** With `ended`: what became of that. */
  readonly source?: RecordedSourceRelease | undefined
  /** With `ended`. */
  readonly counts?: Readonly<Record<ReleaseOutcome, number>> | undefined
}

/** What became of the protection at the source. */
export interface RecordedSourceRelease extends UnprotectionResult {
  /** Conversations whose protection should be lifted. */
  readonly requested: number
  /** Conversations that keep it. */
  readonly kept: number
}

/** The one state in which a recording ended. */
export interface RecordedRecording extends RecordingException {
  /** The tag. */
  readonly hold: string
}
