import { LegalHoldError } from '../model/errors.js'
import { type Finding, unansweredFindings } from '../model/findings.js'
import type { Inspection } from '../model/inspection.js'
import { inventoryReportOf } from '../model/inventory/report.js'
import {
  type AuditReport,
  type CoverageReport,
  outcomeOf,
  type ProtectionReport,
  type RunReport,
} from '../model/report.js'
import type { ExportRequest } from '../model/request.js'
import type { Settings } from '../options/exporter-options.js'
import type { LeftOut, UnnamedRecordings } from '../stages/account/settlement.js'
import { coverageOf, leftOutBy, reconciliationReportOf, unnamedBy } from '../stages/reconcile/reconcile.js'
import type { RunDelivery } from './deliver.js'
import type { Tally } from './tally.js'

/** What a report is made of. */
export interface ReportSubject {
  readonly settings: Settings
  readonly request: ExportRequest
  readonly inspection: Inspection
  /** Those that came up after the inspection. */
  readonly lateFindings: readonly Finding[]
  readonly delivery: RunDelivery
  /** `undefined` if no protection at the source was requested. */
  readonly protection: ProtectionReport | undefined
  /** `undefined` if nobody asked for it. */
  readonly audit: AuditReport | undefined
  readonly tally: Tally
  readonly runId: string
  readonly dryRun: boolean
  readonly resumed: number
  /** Milliseconds. */
  readonly startedAt: number
  readonly timings: Readonly<Record<string, number>>
}

/** The report of a run that is over. `complete` is decided here and nowhere else. */
export function reportOf(subject: ReportSubject): RunReport {
  const { settings, request, inspection, delivery, tally, runId, dryRun, resumed, startedAt, timings } = subject
  const { platform, storage, hold, operator, command, requirements, accept, clock } = settings
  const { organization, bucket } = inspection
  const findings = [...inspection.findings, ...subject.lateFindings]
  const { ledger, jobs } = delivery
  const [job] = jobs.jobs
  if (job === undefined) throw new LegalHoldError('The run ended without a job.', { code: 'INTERNAL', stage: 'report' })
  const settlement = ledger.settle(...unexplainedBy(delivery, request))
  const { counts } = settlement
  const coverage = coverageWith(subject, coverageOf(request.interval, ledger, jobs.accounts))
  const remediations = tally.remediations()
  const dueInDryRun = dryRun && remediations.planned > 0
  const finishedAt = clock.now()
  const inventory = delivery.inventory && inventoryReportOf(delivery.inventory, tally.byInventory)
  const acceptable = findings.filter(({ code, severity }) => severity === 'blocker' || unansweredFindings.has(code))
  const accepted = [...new Set(acceptable.map(({ code }) => code))].filter((code) => accept.has(code))
  return {
    schemaVersion: 1,
    runId,
    dryRun,
    resumed,
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: new Date(finishedAt).toISOString(),
    outcome: dueInDryRun ? 'incomplete' : outcomeOf({ counts, coverage, inventory, accepted }),
    hold,
    ...(operator === undefined ? {} : { operator }),
    ...(command === undefined ? {} : { command }),
    requirements,
    platform: {
      name: platform.name,
      ...(platform.region === undefined ? {} : { region: platform.region }),
      ...(platform.clientId === undefined ? {} : { clientId: platform.clientId }),
      organizationId: organization.id,
      ...(organization.name === undefined ? {} : { organizationName: organization.name }),
    },
    storage: {
      name: storage.name,
      bucket: storage.bucket,
      ...(bucket.region === undefined ? {} : { region: bucket.region }),
    },
    job,
    jobs: jobs.jobs,
    interval: request.interval,
    coverage,
    reconciliation: reconciliationReportOf(ledger, jobs.accounts, delivery.explanations),
    ...(subject.protection === undefined ? {} : { protection: subject.protection }),
    ...(subject.audit === undefined ? {} : { audit: subject.audit }),
    findings,
    accepted,
    counts,
    objects: tally.objects(),
    verdicts: tally.verdicts(),
    exceptions: settlement.exceptions,
    remediations,
    ...(inventory === undefined ? {} : { inventory }),
    ...(delivery.scale === undefined ? {} : { scale: delivery.scale }),
    timings: { ...timings, total: finishedAt - startedAt },
  }
}

/** What the inspection and the second look at the source say of the coverage. */
function coverageWith({ inspection, lateFindings, settings }: ReportSubject, coverage: CoverageReport): CoverageReport {
  const { scope, findings } = inspection
  const unknown = [...findings, ...lateFindings].find(({ code }) => unansweredFindings.has(code))
  const why = unknown === undefined ? undefined : `${unknown.code}: ${scope?.reason ?? unknown.message}`
  const scoped = {
    ...(why === undefined ? {} : { reason: why }),
    ...coverage,
    ...(scope === undefined ? {} : { scope }),
  }
  // What began during the run may have taken recordings out of the lists before they were read.
  const late = lateFindings.find(
    // An inventory says nothing of the lists.
    ({ severity, code }) => severity === 'blocker' && code !== 'inventory-is-proof' && !settings.accept.has(code),
  )
  if (!coverage.proven) return scoped
  if (late !== undefined) return unproven(scoped, `${late.code}, seen at the end of the run: ${late.message}`)
  if (unknown === undefined || why === undefined || settings.accept.has(unknown.code)) return scoped
  return unproven(scoped, why)
}

function unproven({ provenUntil: _, ...coverage }: CoverageReport, reason: string): CoverageReport {
  return { ...coverage, proven: false, reason }
}

/** What only the totals of the jobs know: recordings without a name, and recordings that were left out. */
export function unexplainedBy(
  { ledger, jobs }: Pick<RunDelivery, 'ledger' | 'jobs'>,
  request: ExportRequest,
): [UnnamedRecordings, LeftOut] {
  const sensitiveExcluded = request.includeSensitive === false
  return [unnamedBy(ledger, jobs.accounts), leftOutBy(ledger, jobs.accounts, sensitiveExcluded)]
}
