import type { ExportJob, Interval, PlatformCoverage } from '../ports.js'
import type { CoverageReport, RecordingException } from '../report.js'
import { type LeftOut, nothingLeftOut, type RecordingLedger } from './ledger.js'
import type { Settlement, UnnamedRecordings } from './settlement.js'

/** Expected recordings against delivered objects, without a look at their headers. */
export interface Reconciliation {
  readonly jobId: string
  readonly depth: CoverageReport['depth']
  readonly expected: number
  readonly delivered: number
  readonly missing: number
  readonly failedAtSource: number
  readonly skippedAtSource: number
  /** Objects in the hours of the interval that are in no list of the job. */
  readonly unexpected: number
  /** The first 1,000. */
  readonly exceptions: readonly RecordingException[]
}

/** Compares a ledger with the job's totals where the platform does not list its recordings. */
export function unnamedBy(ledger: RecordingLedger, job: ExportJob, namedFailures: number): UnnamedRecordings {
  if (ledger.listed) return { missing: 0, failed: 0, skipped: 0 }
  const { recordings, failed = 0, skipped = 0 } = job.totals
  const unnamedFailures = Math.max(0, failed - namedFailures)
  if (recordings === undefined) return { missing: 0, failed: unnamedFailures, skipped }
  // `size` already holds the recordings that landed and the failures that have a name.
  const missing = Math.max(0, recordings - ledger.size - unnamedFailures - skipped)
  return { missing, failed: unnamedFailures, skipped }
}

/** Recordings that the job says it left out, beyond those that the platform's list marks as skipped. */
export function leftOutBy(ledger: RecordingLedger, job: ExportJob): LeftOut {
  if (!ledger.listed) return nothingLeftOut
  const count = Math.max(0, (job.totals.skipped ?? 0) - ledger.skipped)
  return { count, reason: 'left out by the job, which counts it as skipped' }
}

/** Until when nothing can be missing unseen. Pure. */
export function coverageOf(
  interval: Interval,
  coverage: PlatformCoverage,
  ledger: RecordingLedger,
  job: ExportJob,
): CoverageReport {
  const { availableUntil } = coverage
  const depth = ledger.listed ? 'recordings' : 'counts'
  const report = { depth, ...(availableUntil === undefined ? {} : { availableUntil }) } as const
  if (availableUntil === undefined) {
    return { ...report, proven: false, reason: 'the platform does not say how far its index reaches' }
  }
  if (Date.parse(availableUntil) < Date.parse(interval.end)) {
    const reason = `the platform's index reached only until ${availableUntil}`
    return { ...report, proven: false, provenUntil: availableUntil, reason }
  }
  const { recordings } = job.totals
  if (!ledger.listed && recordings === undefined) {
    return { ...report, proven: false, reason: 'the platform neither lists nor counts the recordings of the job' }
  }
  if (ledger.listed && recordings !== undefined && recordings > ledger.size) {
    const reason = `the job counts ${recordings} recordings, the platform lists only ${ledger.size}`
    return { ...report, proven: false, reason }
  }
  return { ...report, proven: true, provenUntil: interval.end }
}

/** What `reconcile` returns. Pure. */
export function reconciliationOf(
  ledger: RecordingLedger,
  job: ExportJob,
  settlement: Settlement,
  unexpected: number,
): Reconciliation {
  const { counts, exceptions } = settlement
  return {
    jobId: job.id,
    depth: ledger.listed ? 'recordings' : 'counts',
    expected: counts.expected,
    delivered: counts.expected - counts.missing - counts.failedAtSource - counts.skippedAtSource,
    missing: counts.missing,
    failedAtSource: counts.failedAtSource,
    skippedAtSource: counts.skippedAtSource,
    unexpected,
    exceptions,
  }
}
