import { randomUUID } from 'node:crypto'
import { LegalHoldError, type Stage } from './errors.js'
import type { NewRunEvent, RunEvent } from './events.js'
import type { Finding } from './findings.js'
import { abortedError, forManyListeners } from './internal/abort.js'
import { observe } from './internal/observe.js'
import { mapWindow } from './internal/streams.js'
import type { Settings } from './options.js'
import type { EvidenceSink, ExportJob, ForcedProfile, HashContent } from './ports.js'
import type { RunReport } from './report.js'
import type { ExportRequest } from './request.js'
import type { StageContext } from './stages/context.js'
import { Delivery } from './stages/deliver.js'
import { createJob } from './stages/export.js'
import { type Inspection, inspect, profileIdOf } from './stages/inspect.js'
import type { LeftOut } from './stages/ledger.js'
import { partsOf } from './stages/parts.js'
import { coverageOf, leftOutBy, reconciliationReportOf, unnamedBy } from './stages/reconcile.js'
import { Recorder } from './stages/recorder.js'
import type { UnnamedRecordings } from './stages/settlement.js'
import { Tally } from './stages/tally.js'
import { toolName, toolVersion } from './version.js'

/** Options of one run. */
export interface RunOptions {
  readonly signal?: AbortSignal | undefined
  /** Called for every event. What it throws is logged and ignored. */
  readonly onEvent?: ((event: RunEvent) => void) | undefined
  /**
   * Export and validate, but change no object, no setting and no protection: repairs are planned only.
   *
   * @defaultValue false
   */
  readonly dryRun?: boolean | undefined
  /**
   * Turns the run's journal into evidence that others can verify: `evidenceBundle({ dir, signer })` of
   * `genesys-legal-hold-exporter/node`. A finished run that cannot be sealed rejects with `EVIDENCE_NOT_SEALED`, and its
   * report is in `details.report`.
   *
   * @defaultValue none
   */
  readonly evidence?: EvidenceSink | undefined
}

/** One run from inspection to report. */
export class Run {
  readonly #settings: Settings
  readonly #request: ExportRequest
  readonly #dryRun: boolean
  readonly #hashContent: HashContent
  readonly #runId = randomUUID()
  readonly #recorder: Recorder
  readonly #context: StageContext
  readonly #startedAt: number
  readonly #timings: Record<string, number> = {}
  readonly #tally = new Tally()

  constructor(settings: Settings, request: ExportRequest, options: RunOptions) {
    this.#settings = settings
    this.#request = request
    this.#dryRun = options.dryRun ?? false
    this.#hashContent = options.evidence?.hashContent ?? 'none'
    this.#recorder = new Recorder(settings.journal, this.#runId, settings.clock, settings.hold.tag)
    this.#startedAt = settings.clock.now()
    this.#context = {
      clock: settings.clock,
      logger: settings.logger,
      retry: settings.retry,
      signal: forManyListeners(options.signal),
      emit: emitter(settings, options.onEvent),
    }
  }

  async execute(): Promise<RunReport> {
    const { emit } = this.#context
    const { hold, requirements } = this.#settings
    const { signal } = this.#context
    if (signal?.aborted) throw abortedError(signal, 'inspect')
    const [runId, request, dryRun] = [this.#runId, this.#request, this.#dryRun]
    emit({ type: 'run-started', runId, request, dryRun })
    await this.#recorder.record('run-started', { request, hold, requirements, dryRun, ...policyOf(this.#settings) })
    const inspection = await this.#timed('inspect', () => this.#inspect())
    const delivery = await this.#export(inspection)
    const report = this.#report(inspection, delivery)
    await this.#recordRecordings(delivery)
    emit({ type: 'reconciled', counts: report.counts, objects: report.objects })
    await this.#recorder.record('report', report)
    emit({ type: 'run-finished', report })
    return report
  }

  async #inspect(): Promise<Inspection> {
    const { platform, storage, retention, hold, requirements, residency, remediation, reconciliation, accept } =
      this.#settings
    const inspection = await inspect(
      {
        platform,
        storage,
        retention,
        hold,
        requirements,
        request: this.#request,
        residency,
        waitForIndex: reconciliation.waitForIndex,
        needs: {
          metadata: Object.keys(requirements.metadata ?? {}).length > 0,
          tags: Object.keys(requirements.tags ?? {}).length > 0,
          legalHold: requirements.legalHold === true || remediation.versions === 'all',
          retention: requirements.retainUntilDate !== undefined,
          remediate: !this.#dryRun,
          protectOriginal: remediation.protectOriginal,
        },
      },
      this.#context,
    )
    const blockers: Finding[] = []
    for (const finding of inspection.findings) {
      const isBlocker = finding.severity === 'blocker'
      const accepted = isBlocker && accept.has(finding.code)
      this.#context.emit({ type: 'finding', finding, accepted })
      await this.#recorder.record('finding', finding)
      if (accepted) await this.#recorder.record('acceptance', { code: finding.code, subject: finding.subject })
      else if (isBlocker) blockers.push(finding)
    }
    if (blockers.length > 0) throw preflightBlocked(blockers, inspection.findings)
    return inspection
  }

  /** Exports once; again with the hold metadata forced on, as often as the caller allowed, while objects lack it. */
  async #export(inspection: Inspection): Promise<Delivery> {
    const { platform } = this.#settings
    const forcedRetries = this.#forcedRetries()
    let forced: ForcedProfile | undefined
    try {
      for (let attempt = 0; ; attempt += 1) {
        const mayForce = attempt < forcedRetries
        this.#tally.reset()
        const delivery = await this.#deliver(inspection, !mayForce)
        if (!mayForce || this.#tally.due === 0) return delivery
        if (this.#tally.untagged === 0) {
          await delivery.sweep()
          return delivery
        }
        this.#context.emit({ type: 'forced-retry', attempt: attempt + 1, untagged: this.#tally.untagged })
        forced ??= await platform.forceHoldMetadata?.(profileIdOf(this.#request), { signal: this.#context.signal })
        this.#tally.forcedRetries += 1
      }
    } finally {
      // Not on the caller's signal: an aborted run puts the organisation's setting back too.
      await forced?.restore()
    }
  }

  #forcedRetries(): number {
    const { platform } = this.#settings
    if (this.#dryRun || !platform.capabilities.stampsHoldMetadata || platform.forceHoldMetadata === undefined) return 0
    return this.#request.profileId === undefined ? 0 : (platform.forcedRetries ?? 0)
  }

  async #deliver(inspection: Inspection, repair: boolean): Promise<Delivery> {
    const delivery = new Delivery({
      settings: this.#settings,
      request: this.#request,
      organizationId: inspection.organization.id,
      parts: partsOf(this.#request, inspection.coverage, this.#settings.reconciliation),
      coverage: inspection.coverage,
      open: (request, context) => this.#open(request, context),
      repair,
      dryRun: this.#dryRun,
      hashContent: this.#hashContent,
      recorder: this.#recorder,
      tally: this.#tally,
      context: this.#context,
      timed: (stage, work) => this.#timed(stage, work),
    })
    await delivery.complete()
    return delivery
  }

  /** Creates the job of a request, or of a part of it. */
  async #open(request: ExportRequest, context: StageContext): Promise<ExportJob> {
    const { platform, hold, polling } = this.#settings
    await this.#recorder.record('job-intent', { request })
    const created = await this.#timed('export', () =>
      createJob(platform, request, { hold, runId: this.#runId }, polling, context),
    )
    await this.#recorder.record('job', created)
    return created
  }

  #report(inspection: Inspection, delivery: Delivery): RunReport {
    const { platform, storage, hold, requirements, accept, clock } = this.#settings
    const { organization, findings, bucket } = inspection
    const { ledger, jobs } = delivery
    const [job] = jobs.jobs
    if (job === undefined)
      throw new LegalHoldError('The run ended without a job.', { code: 'INTERNAL', stage: 'report' })
    const settlement = ledger.settle(...this.#unexplained(delivery))
    const { counts } = settlement
    const coverage = coverageOf(this.#request.interval, ledger, jobs.accounts)
    const remediations = this.#tally.remediations()
    const allHeld = counts.held + counts.repaired === counts.expected
    const dueInDryRun = this.#dryRun && remediations.planned > 0
    const finishedAt = clock.now()
    return {
      schemaVersion: 1,
      runId: this.#runId,
      dryRun: this.#dryRun,
      startedAt: new Date(this.#startedAt).toISOString(),
      finishedAt: new Date(finishedAt).toISOString(),
      outcome: allHeld && coverage.proven && !dueInDryRun ? 'complete' : 'incomplete',
      hold,
      requirements,
      platform: {
        name: platform.name,
        ...(platform.region === undefined ? {} : { region: platform.region }),
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
      interval: this.#request.interval,
      coverage,
      reconciliation: reconciliationReportOf(ledger, jobs.accounts),
      findings,
      accepted: [
        ...new Set(
          findings.filter(({ code, severity }) => severity === 'blocker' && accept.has(code)).map(({ code }) => code),
        ),
      ],
      counts,
      objects: this.#tally.objects(),
      exceptions: settlement.exceptions,
      remediations,
      timings: { ...this.#timings, total: finishedAt - this.#startedAt },
    }
  }

  /** Every recording with the one state it ended in: what the report's counts are recounted from. */
  async #recordRecordings(delivery: Delivery): Promise<void> {
    if (!this.#recorder.active) return
    const settled = delivery.ledger.settled(...this.#unexplained(delivery))
    // Side by side, so that a journal can make many durable at once; they are appended in this order.
    for await (const _ of mapWindow(settled, 256, (recording) => this.#recorder.recording(recording))) {
      // Nothing is left to do with a record that is written.
    }
  }

  /** What only the totals of the jobs know: recordings without a name, and recordings that were left out. */
  #unexplained({ ledger, jobs }: Delivery): [UnnamedRecordings, LeftOut] {
    const sensitiveExcluded = this.#request.includeSensitive === false
    return [unnamedBy(ledger, jobs.accounts), leftOutBy(ledger, jobs.accounts, sensitiveExcluded)]
  }

  async #timed<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    const { clock, emit } = this.#context
    const startedAt = clock.now()
    emit({ type: 'stage-started', stage })
    try {
      return await work()
    } finally {
      const durationMs = clock.now() - startedAt
      this.#timings[stage] = (this.#timings[stage] ?? 0) + durationMs
      emit({ type: 'stage-finished', stage, durationMs })
    }
  }
}

/** By what rules the run went, beside its hold, requirements and request; the evidence carries a digest of it all. */
function policyOf(settings: Settings): object {
  const { platform, storage, retention, residency, remediation, accept, lookbackHours } = settings
  return {
    tool: { name: toolName, version: toolVersion },
    platform: { name: platform.name, region: platform.region },
    storage: { name: storage.name, bucket: storage.bucket },
    retention: retention.map(({ name }) => name),
    residency,
    remediation,
    accept: [...accept].sort(),
    lookbackHours,
  }
}

/** An observer that throws must not fail the run that it watches. */
export function emitter(settings: Settings, onEvent: RunOptions['onEvent']): (event: NewRunEvent) => void {
  if (onEvent === undefined) return () => {}
  return (event) => {
    const at = new Date(settings.clock.now()).toISOString()
    observe(onEvent, { ...event, at }, 'onEvent', settings.logger)
  }
}

function preflightBlocked(blockers: readonly Finding[], findings: readonly Finding[]): LegalHoldError {
  const list = blockers.map(({ code, message, remedy }) => `${code}: ${message} ${remedy}`).join('\n  ')
  return new LegalHoldError(
    `Nothing was created, because inspection found ${blockers.length} blocker(s):\n  ${list}\n` +
      'Remove them, or accept them by their codes with the option `accept`.',
    { code: 'PREFLIGHT_BLOCKED', stage: 'inspect', findings },
  )
}
