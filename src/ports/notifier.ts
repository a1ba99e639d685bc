import type { LegalHoldErrorCode, Stage } from '../model/errors.js'
import type { LegalHold } from '../model/hold.js'
import type { RecordingCounts, RunOutcome } from '../model/report.js'
import type { Interval } from '../model/request.js'
import type { CallOptions } from './runtime.js'

/** The message to a notifier. It is small, and contains no keys, names of people or secrets. */
export interface Notice {
  readonly schemaVersion: 1
  readonly kind: 'run-finished' | 'run-failed' | 'evidence-verified' | 'verification-failed'
  /** ISO 8601 in UTC. */
  readonly at: string
  readonly hold: Pick<LegalHold, 'tag' | 'matter'>
  readonly bucket: string
  readonly interval?: Interval | undefined
  readonly runId?: string | undefined
  readonly dryRun?: boolean | undefined
  /** Outcome of a run that finished. */
  readonly outcome?: RunOutcome | undefined
  readonly counts?: RecordingCounts | undefined
  /** What identifies the evidence of the run. */
  readonly evidence?: { readonly fingerprint: string; readonly statementSha256: string } | undefined
  /** Error of a run, or a verification, that failed. */
  readonly error?:
    | {
        readonly code: LegalHoldErrorCode | 'UNEXPECTED'
        readonly stage?: Stage | undefined
        readonly message: string
        readonly retryable: boolean
        readonly requestId?: string | undefined
      }
    | undefined
  /** Result of a verification of evidence. */
  readonly verification?:
    | {
        readonly status: 'verifies' | 'not-authenticated' | 'does-not-verify'
        readonly problems: number
        /** Objects that have changed since the run. Set only if the bucket was read again. */
        readonly drifted?: number | undefined
      }
    | undefined
}

/** Tells somebody how a run ended. An error that it throws is logged, and changes nothing. */
export type Notifier = (notice: Notice, options: CallOptions) => Promise<void> | void
