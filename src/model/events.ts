import type { LegalHoldError, Stage } from './errors.js'
import type { SealedEvidence } from './evidence.js'
import type { Finding } from './findings.js'
import type { ExportJob, ProtectionResult } from './platform.js'
import type { RunReport } from './report.js'
import type { ExportRequest } from './request.js'
import type { Remediation, Verdict } from './verdict.js'

/** What happened in a run. `at` is ISO 8601 in UTC. */
export type RunEvent = { readonly at: string } & (
  | { readonly type: 'run-started'; readonly runId: string; readonly request: ExportRequest; readonly dryRun: boolean }
  /** The journal holds a run that resumes, or one that is finished and only returns its report again. */
  | {
      readonly type: 'run-resumed'
      readonly runId: string
      /** How often the run was resumed, this time included. */
      readonly resumed: number
      /** Objects that are already recorded and are not read again. */
      readonly verdicts: number
      readonly finished: boolean
    }
  | { readonly type: 'stage-started'; readonly stage: Stage }
  | { readonly type: 'stage-finished'; readonly stage: Stage; readonly durationMs: number }
  | { readonly type: 'finding'; readonly finding: Finding; readonly accepted: boolean }
  | { readonly type: 'protected'; readonly result: ProtectionResult }
  /** Both job slots of the organisation are taken; the run waits its turn. */
  | { readonly type: 'job-waiting'; readonly reason: string; readonly waitedMs: number }
  | { readonly type: 'job-created'; readonly job: ExportJob; readonly adopted: boolean }
  | {
      readonly type: 'job-progress'
      readonly job: ExportJob
      readonly elapsedMs: number
      readonly etaMs?: number | undefined
    }
  /** The platform's index does not cover the interval yet; the run waits to export the rest. */
  | {
      readonly type: 'index-waiting'
      readonly availableUntil: string | undefined
      readonly until: string
      readonly waitedMs: number
    }
  /** The platform's list of recordings that belong to the job has been read. */
  | { readonly type: 'expected'; readonly recordings: number; readonly skipped: number }
  /** A pass over the bucket has ended. */
  | { readonly type: 'landing'; readonly pass: number; readonly listed: number; readonly pending: number | undefined }
  | { readonly type: 'verdict'; readonly verdict: Verdict }
  | { readonly type: 'remediation'; readonly remediation: Remediation }
  /**
   * Objects lacked the tag although the platform stamps it. They are exported again with the profile forced to
   * include it.
   */
  | { readonly type: 'forced-retry'; readonly attempt: number; readonly untagged: number }
  /** A request failed and is sent again. Adapters report their own retries as well. */
  | {
      readonly type: 'retry'
      readonly stage: Stage
      /** The attempt that failed, from 1. */
      readonly attempt: number
      readonly delayMs: number
      readonly error: LegalHoldError
      readonly subject: string
      /** Why the attempt failed, in one sentence. */
      readonly reason: string
      /** ISO 8601; when the next attempt begins. */
      readonly nextAt: string
      /** ISO 8601; no attempt begins later. */
      readonly givesUpAt: string
    }
  /** Something without its own event takes longer than 5 seconds. */
  | {
      readonly type: 'waiting'
      readonly stage: Stage
      /** What is waited for. */
      readonly subject: string
      readonly reason: string
      readonly waitedMs: number
      /** The longest remaining wait, in milliseconds. Absent if it is not known. */
      readonly waitMs?: number | undefined
    }
  /** Progress of a round of shards: how many are sealed, and what the engine says about its job. */
  | {
      readonly type: 'shards'
      readonly round: number
      readonly shards: number
      readonly sealed: number
      readonly jobId: string
      readonly state: string
    }
  | { readonly type: 'reconciled'; readonly counts: RunReport['counts']; readonly objects: RunReport['objects'] }
  | { readonly type: 'run-finished'; readonly report: RunReport }
  /** The run's evidence is written and signed. */
  | { readonly type: 'sealed'; readonly evidence: SealedEvidence }
)

/** Name of an event. */
export type RunEventType = RunEvent['type']

type WithoutTime<E> = E extends unknown ? Omit<E, 'at'> : never

/** An event before it is given its time. */
export type NewRunEvent = WithoutTime<RunEvent>
