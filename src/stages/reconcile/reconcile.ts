import { counted, verb } from '../../internal/text/counted.js'
import type { ExpectedListing, ExportJob } from '../../model/platform.js'
import { type CoverageReport, covers, type ReconciliationReport, type RecordingException } from '../../model/report.js'
import type { Interval } from '../../model/request.js'
import type { SettledLedger } from '../account/ledger-view.js'
import { type LeftOut, nothingLeftOut, type Settlement, type UnnamedRecordings } from '../account/settlement.js'
import type { PartAccount } from '../export/job-group.js'

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

/** What the comparison must know of one job. */
export interface JobAccount extends Pick<PartAccount, 'job' | 'expected' | 'skipped'> {
  namedFailures: number
}

/** Compares a ledger with the totals of the jobs where the platform does not list their recordings. Pure. */
export function unnamedBy(ledger: SettledLedger, accounts: readonly JobAccount[]): UnnamedRecordings {
  if (ledger.listed) return { missing: 0, failed: 0, skipped: 0 }
  let recordings: number | undefined = 0
  let failed = 0
  let skipped = 0
  for (const { job, namedFailures } of accounts) {
    const totals = job?.totals ?? {}
    recordings =
      totals.recordings === undefined || recordings === undefined ? undefined : recordings + totals.recordings
    failed += Math.max(0, (totals.failed ?? 0) - namedFailures)
    skipped += totals.skipped ?? 0
  }
  if (recordings === undefined) return { missing: 0, failed, skipped }
  // `size` already holds the recordings that landed and the failures that have a name. What only an earlier export
  // delivered, of whatever recordings, says nothing of those that this job counts.
  const known = ledger.size - ledger.onlyOlder
  return { missing: Math.max(0, recordings - known - failed - skipped), failed, skipped }
}

/**
 * Recordings that the jobs left out without naming them. They are those that the jobs count as skipped, beyond the
 * ones that the platform's list marks, or those that a finished job never counted. Sensitive recordings are left
 * out silently, and new ones are not indexed (genesys-facts, recording jobs). Pure.
 */
export function leftOutBy(ledger: SettledLedger, accounts: readonly JobAccount[], sensitiveExcluded = false): LeftOut {
  if (!ledger.listed) return nothingLeftOut
  let skippedByJobs = 0
  let silent = 0
  for (const { job, expected, skipped } of accounts) {
    const totals = job?.totals ?? {}
    skippedByJobs += totals.skipped ?? 0
    silent += isDone(totals) ? Math.max(0, expected - skipped - (totals.recordings ?? 0)) : 0
  }
  // One that the list marks and that is on S3 anyway does not explain what a job skipped.
  const counted = Math.max(0, skippedByJobs - ledger.skippedAndAbsent)
  const unmeant = Math.max(0, silent - ledger.withdrawn)
  const uncounted = unmeant > counted
  const sensitive = sensitiveExcluded ? 'sensitive, perhaps: the request leaves such recordings out. ' : ''
  const why = uncounted
    ? 'not indexed or not exportable: the job finished without counting it'
    : 'left out by the job, which counts it as skipped'
  // The platform may have said since of some of them why.
  return { count: Math.max(0, Math.max(counted, unmeant) - ledger.explained), reason: `${sensitive}${why}` }
}

/** Recordings of the lists that finished jobs did not count; none if a job does not count, which proves nothing. Pure. */
export function uncountedBy(ledger: Pick<SettledLedger, 'explained'>, accounts: readonly JobAccount[]): number {
  let count = 0
  for (const { job, expected, skipped } of accounts) {
    const { recordings } = job?.totals ?? {}
    if (recordings === undefined) return 0
    count += Math.max(0, expected - skipped - recordings)
  }
  return Math.max(0, count - ledger.explained)
}

/** A job whose own count adds up has done all that it chose to do. */
function isDone({ recordings, processed, failed = 0 }: ExportJob['totals']): boolean {
  if (recordings === undefined || processed === undefined) return false
  // Whether failed recordings count as processed is not documented.
  return processed >= recordings || processed + failed >= recordings
}

/** Recordings that have not landed; `undefined` if that cannot be known. Pure. */
export function pendingOf(ledger: SettledLedger, accounts: readonly JobAccount[]): number | undefined {
  let counted: number | undefined = 0
  for (const { job } of accounts) {
    const { recordings, failed = 0, skipped = 0 } = job?.totals ?? {}
    counted = recordings === undefined || counted === undefined ? undefined : counted + recordings - failed - skipped
  }
  const uncounted = counted === undefined ? undefined : Math.max(0, counted - ledger.delivered)
  // Those that landed without their sidecars are pending too.
  if (!ledger.listed) return uncounted === undefined ? undefined : uncounted + ledger.pending
  // What the job says it left out will not land.
  const listed = Math.max(0, ledger.pending - leftOutBy(ledger, accounts).count)
  // Of open conversations, and of recordings later than the interval, those come that the job counts.
  if (ledger.openConversations === 0 && ledger.later === 0) return listed
  return Math.max(listed, uncounted ?? 0)
}

/** Until when nothing can be missing unseen. Pure. */
export function coverageOf(
  interval: Interval,
  ledger: SettledLedger,
  accounts: readonly PartAccount[],
): CoverageReport {
  const depth = ledger.listed ? 'recordings' : 'counts'
  const short = accounts.find(({ request, coverage }) => !covers(coverage, request.interval))
  const availableUntil = (short ?? accounts.at(-1))?.coverage.availableUntil
  const report = { depth, ...(availableUntil === undefined ? {} : { availableUntil }) } as const
  if (availableUntil === undefined) {
    return { ...report, proven: false, reason: 'the platform does not say how far its index reaches' }
  }
  const reason = ledger.doubt ?? (ledger.listed ? doubtOfList(ledger, accounts) : doubtOfCounts(accounts))
  if (reason !== undefined) return { ...report, proven: false, reason }
  if (short !== undefined) {
    const tooShort = `the platform's index reached only until ${availableUntil}`
    return { ...report, proven: false, provenUntil: availableUntil, reason: tooShort }
  }
  return { ...report, proven: true, provenUntil: interval.end }
}

function doubtOfCounts(accounts: readonly PartAccount[]): string | undefined {
  const isCounted = accounts.every(({ job }) => job?.totals.recordings !== undefined)
  return isCounted ? undefined : 'the platform neither lists nor counts the recordings of the job'
}

function doubtOfList(ledger: SettledLedger, accounts: readonly PartAccount[]): string | undefined {
  if (ledger.contradictions > 0)
    return `${counted(ledger.contradictions, 'recording')} ${verb(ledger.contradictions, 'is', 'are')} listed for two conversations each, or ${verb(ledger.contradictions, 'lies', 'lie')} in two`
  return doubtOfSources(accounts) ?? doubtOfTotals(ledger, accounts) ?? doubtOfExtent(ledger, accounts)
}

/** What the platform itself says against its lists. */
function doubtOfSources(accounts: readonly PartAccount[]): string | undefined {
  for (const { listing, expected, later, formerlyExpected = 0 } of accounts) {
    if (listing?.doubt !== undefined) return listing.doubt
    const listed = expected + later
    // Of conversations that are undecided now, what lands counts, and the totals of the job say whether that is all.
    if (formerlyExpected > listed && (listing?.undecided ?? 0) === 0) {
      return `the platform listed ${counted(formerlyExpected, 'recording')} before the run was interrupted, and only ${listed} after`
    }
  }
  // What continued after an earlier part of the interval belongs to the next part as well; the last part may be several,
  // which name different conversations.
  const lastEnd = accounts.at(-1)?.request.interval.end
  const ongoing = accounts
    .filter(({ request }) => request.interval.end === lastEnd)
    .reduce((sum, { listing }) => sum + (listing?.ongoing ?? 0), 0)
  if (ongoing === 0) return undefined
  return `${counted(ongoing, 'conversation')} had not ended when ${verb(ongoing, 'it was', 'they were')} listed: what is recorded of them yet is in no list`
}

/** Recordings that the jobs count as failed or skipped, and that nothing in the list explains. */
function doubtOfTotals(ledger: SettledLedger, accounts: readonly PartAccount[]): string | undefined {
  if (ledger.size === 0 && accounts.some(({ job }) => job?.totals.recordings === undefined)) {
    return 'the platform lists no recording, and the job does not count any'
  }
  let failed = 0
  for (const { job, namedFailures } of accounts) failed += Math.max(0, (job?.totals.failed ?? 0) - namedFailures)
  if (failed > ledger.pending) return `the job counts ${counted(failed, 'failed recording')} that it does not name`
  const skipped = leftOutBy(ledger, accounts).count
  return skipped > ledger.pending
    ? `the job left out ${counted(skipped, 'recording')} that ${verb(skipped, 'is', 'are')} in no list`
    : undefined
}

function doubtOfExtent(ledger: SettledLedger, accounts: readonly PartAccount[]): string | undefined {
  let total = 0
  let listed = 0
  let unlisted = 0
  for (const { job, expected, skipped } of accounts) {
    const { recordings } = job?.totals ?? {}
    total += recordings ?? 0
    listed += expected - skipped
    // What the list marks as left out is not among those that the job counts.
    unlisted += Math.max(0, (recordings ?? 0) - (expected - skipped))
  }
  if (unlisted > ledger.unlisted) {
    return ledger.openConversations === 0
      ? `the job counts ${counted(total, 'recording')}, the platform lists only ${listed}`
      : `the job counts ${counted(total, 'recording')}, and only ${counted(listed + ledger.unlisted, 'is', 'are')} known: ${undecidedBy(ledger)}`
  }
  const isCounted = accounts.every(({ job }) => job?.totals.recordings !== undefined)
  if (isCounted) return undefined
  if (ledger.openConversations > 0) {
    return `the job does not count its recordings, and not all are known: ${undecidedBy(ledger)}`
  }
  return ledger.later > 0
    ? `the job does not count its recordings, and ${ledger.later} did not come that seem to be later than the interval`
    : undefined
}

function undecidedBy(ledger: SettledLedger): string {
  return `the recordings of ${counted(ledger.openConversations, 'conversation')} were not asked for (maxMetadataCalls)`
}

/** How the expected recordings were learned, and what that cost. Pure. */
export function reconciliationReportOf(
  ledger: SettledLedger,
  accounts: readonly PartAccount[],
  explanations: ExpectedListing | undefined,
): ReconciliationReport {
  const listings = accounts.flatMap(({ listing }) => (listing === undefined ? [] : [listing]))
  if (!ledger.listed) return { depth: 'counts', source: 'job-totals', calls: 0, callsBySource: {}, undecided: 0 }
  const all = explanations === undefined ? listings : [...listings, explanations]
  const callsBySource: Record<string, number> = {}
  for (const { calls } of all) {
    for (const [source, count] of Object.entries(calls)) callsBySource[source] = (callsBySource[source] ?? 0) + count
  }
  const withoutEnd = listings.reduce((most, listing) => Math.max(most, listing.withoutEnd ?? 0), 0)
  const sources = [...new Set(listings.map(({ source }) => source))]
  const reasons = [...new Set(all.flatMap(({ reason }) => (reason === undefined ? [] : [reason])))]
  return {
    depth: 'recordings',
    source: sources.length === 0 ? 'platform' : sources.join(', '),
    calls: Object.values(callsBySource).reduce((sum, count) => sum + count, 0),
    callsBySource,
    undecided: listings.reduce((sum, { undecided }) => sum + undecided, 0),
    ...(ledger.later === 0 ? {} : { laterThanInterval: ledger.later }),
    ...(withoutEnd === 0 ? {} : { withoutEnd }),
    ...(ledger.regions.size === 0 ? {} : { regions: regionsOf(ledger) }),
    ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
  }
}

function regionsOf({ regions }: SettledLedger): Readonly<Record<string, number>> {
  return Object.fromEntries([...regions].map(([region, { count }]) => [region, count] as const).sort())
}

/** What `reconcile` returns. Pure. */
export function reconciliationOf(
  ledger: SettledLedger,
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
