import type { ExportJob } from '../../model/platform.js'
import {
  contradictsItself,
  noRecordings,
  outcomeOf,
  type RecordingCounts,
  type RecordingState,
  type RunReport,
} from '../../model/report.js'
import { defaultRequirements } from '../../model/requirements.js'

/** What a report is to say; the rest follows from it. */
export type ReportInit = Omit<Partial<RunReport>, 'counts'> & {
  /** Those that are not named are 0; of exceptions without a count here, they are counted; `expected` is their sum. */
  readonly counts?: Partial<RecordingCounts> | undefined
}

const id = '00000000-0000-4000-8000-000000000001'

/**
 * A report as a run returns it, for tests of what reads one: `buildReport({ exceptions: [{ state: 'missing', reason: 'never
 * delivered' }] })`. Without anything it is complete, over one recording that was held.
 *
 * @throws RangeError for one that says more than its counts and coverage do: no run returns that
 */
export function buildReport(init: ReportInit = {}): RunReport {
  const hold = init.hold ?? { tag: 'matter-1' }
  const interval = init.interval ?? { start: '2023-10-20T08:00:00.000Z', end: '2023-10-20T10:00:00.000Z' }
  const exceptions = init.exceptions ?? []
  const counts = countsOf(init)
  const coverage = init.coverage ?? { proven: true, provenUntil: interval.end, depth: 'recordings' }
  const job: ExportJob = init.job ?? {
    id,
    state: 'FULFILLED',
    platformState: 'FULFILLED',
    totals: { recordings: counts.expected, processed: counts.expected },
  }
  const report: RunReport = {
    schemaVersion: 1,
    runId: id,
    dryRun: false,
    resumed: 0,
    startedAt: '2023-10-20T12:00:00.000Z',
    finishedAt: '2023-10-20T12:05:00.000Z',
    requirements: defaultRequirements(hold),
    platform: { name: 'recording-jobs', region: 'eu-west-1', organizationId: id },
    storage: { name: 's3', bucket: 'evidence-bucket', region: 'eu-west-1' },
    jobs: [job],
    reconciliation: { depth: coverage.depth, source: 'recording-metadata', calls: 1, callsBySource: {}, undecided: 0 },
    findings: [],
    accepted: [],
    objects: {
      listed: counts.expected,
      recordings: counts.expected,
      sidecars: 0,
      attachments: 0,
      transcripts: 0,
      unexpected: 0,
    },
    remediations: noRepairs(counts.repaired),
    timings: { total: 300_000 },
    ...init,
    outcome: init.outcome ?? outcomeOf({ ...init, counts, coverage }),
    hold,
    interval,
    exceptions,
    counts,
    coverage,
    job,
  }
  if (contradictsItself(report)) {
    throw new RangeError(
      `A report with these counts and this coverage is ${outcomeOf(report)}, and never ${report.outcome}.`,
    )
  }
  return report
}

function countsOf({ counts: given, exceptions = [] }: ReportInit): RecordingCounts {
  const { expected: _, ...none } = noRecordings
  const counts: Record<RecordingState, number> = none
  for (const { state, count = 1 } of exceptions) counts[state] += count
  if (given === undefined && exceptions.length === 0) counts.held = 1
  const { expected, ...states } = given ?? {}
  Object.assign(counts, states)
  const sum = Object.values(counts).reduce((total, count) => total + count, 0)
  if (expected !== undefined && expected !== sum) {
    throw new RangeError(`The states of a report add up to what was expected: to ${sum}, and not to ${expected}.`)
  }
  return { ...counts, expected: sum }
}

function noRepairs(repaired: number): RunReport['remediations'] {
  return {
    planned: 0,
    repaired,
    notNeeded: 0,
    refused: 0,
    failed: 0,
    steps: {},
    forcedRetries: 0,
    cost: {
      prices: { asOf: '2023-10-01', region: 'eu-west-1', source: 'buildReport' },
      requests: {},
      bytesCopied: 0,
      extraBytesStored: 0,
      dollars: { requests: 0, retrieval: 0, storagePerMonth: 0, total: 0 },
      byStorageClass: {},
    },
  }
}
