import { randomUUID } from 'node:crypto'
import { abortedError, forManyListeners, throwIfAborted } from '../internal/abort.js'
import { Lanes } from '../internal/lanes.js'
import { mapWindow } from '../internal/streams/streams.js'
import { turnOfEventLoop } from '../internal/waits/real-timers.js'
import { type Checkpoint, requireSameOrganization } from '../journal/checkpoint.js'
import { Recorder, recordedError } from '../journal/recorder.js'
import type { JobPart } from '../journal/records.js'
import type { Stage } from '../model/errors.js'
import type { HashContent } from '../model/evidence.js'
import { type Finding, unansweredFindings } from '../model/findings.js'
import type { Inspection } from '../model/inspection.js'
import type { RunReport } from '../model/report.js'
import type { ExportRequest } from '../model/request.js'
import type { Settings } from '../options/exporter-options.js'
import type { Journal } from '../ports/journal.js'
import { persist, type StageContext } from '../stages/context.js'
import { ProfileForcing } from '../stages/export/forced-profile.js'
import { JobBook } from '../stages/export/job-book.js'
import { partsOf } from '../stages/export/parts.js'
import { protectionOf } from '../stages/export/protect.js'
import { inspect, profileIdOf } from '../stages/inspect/inspect.js'
import type { KnownInventory } from '../stages/object/by-inventory.js'
import { type Audited, readAudit } from './audit.js'
import { Delivery, type DeliverySubject, type RunDelivery } from './deliver.js'
import { lateFindings, provenByInventory, storedElsewhere, toldBefore } from './late-findings.js'
import { emitter, type RunOptions } from './run-options.js'
import { reportOf, unexplainedBy } from './run-report.js'
import {
  forcedRetriesOf,
  formerDelivery,
  inspectionSubject,
  newDangers,
  newlyUnanswered,
  policyOf,
  preflightBlocked,
  withAcceptances,
} from './run-rules.js'
import { shardAccountOf } from './shard-account.js'
import { Tally } from './tally.js'

/** Where a run is recorded, and what a former part of it left there. */
export interface RunRecord {
  readonly journal?: Journal | undefined
  readonly checkpoint?: Checkpoint | undefined
}

/** What makes a run one of shards: the whole one, or that of a shard. */
export interface RunExtras {
  /** Id of a run that begins. @defaultValue a random one */
  readonly runId?: string | undefined
  /** Deals with the objects. @defaultValue this process does */
  readonly deliver?: ((subject: DeliverySubject) => RunDelivery) | undefined
  /** When contents are read for their digest. @defaultValue as the run's evidence asks for it */
  readonly hashContent?: HashContent | undefined
  /** What shows that objects are held without a HEAD. @defaultValue each is read */
  readonly inventory?: KnownInventory | undefined
  /** Whether it is a shard, whose account is put on record for the whole run. */
  readonly isShard?: boolean | undefined
}

/** One run from inspection to report. */
export class Run {
  readonly #settings: Settings
  readonly #extras: RunExtras
  readonly #request: ExportRequest
  readonly #dryRun: boolean
  readonly #hashContent: HashContent
  readonly #runId: string
  readonly #journal: Journal | undefined
  /** What a former part of the run left on record. */
  readonly #checkpoint: Checkpoint | undefined
  readonly #resumed: number
  readonly #recorder: Recorder
  readonly #jobs: JobBook
  readonly #context: StageContext
  readonly #startedAt: number
  readonly #timings: Record<string, number> = {}
  readonly #tally: Tally
  /** What nobody answered a run that resumed, and its inspection had been answered. */
  #unanswered: readonly Finding[] = []

  constructor(
    settings: Settings,
    request: ExportRequest,
    options: RunOptions,
    { journal, checkpoint, ...extras }: RunRecord & RunExtras = {},
  ) {
    this.#extras = extras
    this.#settings = withAcceptances(settings, checkpoint)
    this.#journal = journal
    this.#checkpoint = checkpoint
    this.#runId = checkpoint?.runId ?? extras.runId ?? randomUUID()
    this.#resumed = checkpoint === undefined ? 0 : checkpoint.resumes + 1
    this.#request = request
    this.#dryRun = options.dryRun ?? false
    this.#hashContent = extras.hashContent ?? options.evidence?.hashContent ?? 'none'
    this.#recorder = new Recorder(journal, this.#runId, settings.clock, settings.hold.tag)
    this.#startedAt = checkpoint?.startedAt ?? settings.clock.now()
    this.#tally = new Tally(settings.prices)
    this.#context = {
      clock: settings.clock,
      logger: settings.logger,
      retry: settings.retry,
      lanes: new Lanes({ most: settings.objectConcurrency, clock: settings.clock }),
      storageService: settings.storage.service,
      signal: forManyListeners(options.signal),
      emit: emitter(settings, options.onEvent),
    }
    this.#jobs = new JobBook({
      platform: settings.platform,
      hold: settings.hold,
      runId: this.#runId,
      dryRun: this.#dryRun,
      polling: settings.polling,
      recorder: this.#recorder,
      timed: (work) => this.#timed('export', work),
      journalled: checkpoint?.jobs ?? [],
    })
  }

  async execute(): Promise<RunReport> {
    const { signal } = this.#context
    if (signal?.aborted) throw abortedError(signal, 'inspect')
    try {
      return await this.#execute()
    } catch (error) {
      if (signal?.aborted && this.#settings.cancelJobOnAbort) await this.#jobs.cancelAll(this.#context)
      // Where the journal is what failed, this fails too.
      await this.#recorder.record('run-stopped', { error: recordedError(error) }).catch(() => {})
      throw error
    }
  }

  async #execute(): Promise<RunReport> {
    const { emit } = this.#context
    await this.#begin()
    const inspection = await this.#timed('inspect', () => this.#inspect())
    const delivery = await this.#export(inspection)
    const audited = await this.#audit(delivery)
    const [unnamed] = unexplainedBy(delivery, this.#request)
    const protection = protectionOf(delivery.jobs.accounts.map((account) => account.protection))
    const late = [
      ...lateFindings(this.#request, delivery.ledger, unnamed, protection),
      ...storedElsewhere(this.#settings.residency, delivery.ledger),
      ...audited.findings,
      ...provenByInventory(delivery.inventory, this.#tally, this.#settings.storage),
      ...(await this.#lookAgain(inspection)),
      ...this.#unanswered,
    ]
    const report = reportOf({
      settings: this.#settings,
      request: this.#request,
      inspection,
      lateFindings: [...toldBefore(this.#request, protection), ...late],
      delivery,
      protection,
      audit: audited.report,
      tally: this.#tally,
      runId: this.#runId,
      dryRun: this.#dryRun,
      resumed: this.#resumed,
      startedAt: this.#startedAt,
      timings: this.#timings,
    })
    for (const finding of late) await this.#tell(finding)
    await this.#recordRecordings(delivery)
    if (this.#extras.isShard === true) {
      await this.#recorder.record('shard-account', shardAccountOf(delivery.ledger, this.#tally, this.#request))
    }
    emit({ type: 'reconciled', counts: report.counts, objects: report.objects })
    await this.#recorder.record('report', report)
    emit({ type: 'run-finished', report })
    return report
  }

  async #begin(): Promise<void> {
    const { emit } = this.#context
    const [runId, request, dryRun, checkpoint] = [this.#runId, this.#request, this.#dryRun, this.#checkpoint]
    const { hold, requirements } = this.#settings
    if (checkpoint === undefined) {
      emit({ type: 'run-started', runId, request, dryRun })
      const identity = { request, hold, requirements, dryRun }
      await this.#recorder.record('run-started', { ...identity, ...policyOf(this.#settings) })
      return
    }
    const { verdicts } = checkpoint
    emit({ type: 'run-resumed', runId, resumed: this.#resumed, verdicts, finished: false })
    await this.#recorder.record('run-resumed', { resumed: this.#resumed, verdicts, ...policyOf(this.#settings) })
  }

  /**
   * Inspects before anything is created. A run that resumes later keeps the inspection on which its job was
   * created, as the report shows it. A new danger to the remaining repairs still stops it, as it would have then.
   */
  async #inspect(): Promise<Inspection> {
    const present = await this.#look()
    if (this.#checkpoint !== undefined) requireSameOrganization(this.#checkpoint, present)
    const former = this.#hasJobs ? this.#checkpoint?.inspection : undefined
    const blockers: Finding[] = []
    for (const finding of former === undefined ? present.findings : newDangers(present.findings, former.findings)) {
      const accepted = await this.#tell(finding)
      if (!accepted && finding.severity === 'blocker') blockers.push(finding)
    }
    if (blockers.length > 0) throw preflightBlocked(blockers, present.findings)
    if (former !== undefined) {
      this.#unanswered = newlyUnanswered(present.findings, former.findings)
      return former
    }
    await this.#recorder.record('inspection', { ...present, parts: this.#partsOf(present) })
    return present
  }

  /** @returns whether it needs an acceptance, and the caller gave it */
  async #tell(finding: Finding): Promise<boolean> {
    const isAcceptable = finding.severity === 'blocker' || unansweredFindings.has(finding.code)
    const accepted = isAcceptable && this.#settings.accept.has(finding.code)
    this.#context.emit({ type: 'finding', finding, accepted })
    await this.#recorder.note('finding', finding)
    if (accepted) {
      const { code, subject } = finding
      const reason = this.#settings.acceptReasons.get(code)
      await this.#recorder.note('acceptance', { code, subject, ...(reason === undefined ? {} : { reason }) })
    }
    return accepted
  }

  /** What began at the source since the inspection. */
  async #lookAgain({ findings }: Inspection): Promise<readonly Finding[]> {
    const { platform } = this.#settings
    const { signal } = this.#context
    const present = await persist(this.#context, 'report', 'source', async () =>
      platform.inspectSourceAgain?.(this.#request, { signal }),
    )
    const known = new Set(findings.map(({ code, subject }) => `${code}\n${subject}`))
    return (present ?? []).filter(({ code, subject }) => !known.has(`${code}\n${subject}`))
  }

  #audit({ ledger, jobs }: RunDelivery): Promise<Audited> {
    const { interval, conversationIds } = this.#request
    const jobIds = new Set(jobs.jobs.map(({ id }) => id))
    const [settings, startedAt] = [this.#settings, this.#startedAt]
    const subject = { settings, ledger, since: interval.start, startedAt, conversationIds, jobIds }
    return readAudit(subject, this.#context)
  }

  #look(): Promise<Inspection> {
    return inspect(inspectionSubject(this.#settings, this.#request, !this.#dryRun), this.#context)
  }

  /** Exports once; again with the hold metadata forced on, as often as the caller allowed, while objects lack it. */
  async #export(inspection: Inspection): Promise<RunDelivery> {
    const profile = new ProfileForcing({
      platform: this.#settings.platform,
      profileId: profileIdOf(this.#request),
      recorder: this.#recorder,
      context: this.#context,
      former: this.#checkpoint?.forced,
    })
    const delivery = await this.#exportForcing(inspection, profile).catch(async (error: unknown) => {
      // Why the run failed says more than that the profile could not be put back; resuming tries that again.
      await profile.restore().catch((late) => this.#settings.logger?.error('The profile could not be put back.', late))
      throw error
    })
    await profile.restore().catch((late: unknown) => {
      // A run with a journal can resume and try that again; without one a finished report must not be lost over it.
      if (this.#journal !== undefined) throw late
      this.#settings.logger?.error('The profile could not be put back.', late)
    })
    return delivery
  }

  async #exportForcing(inspection: Inspection, profile: ProfileForcing): Promise<RunDelivery> {
    // Shards repair what the platform did not stamp: another export would write each object again.
    const isRepeatable = !this.#dryRun && this.#extras.deliver === undefined
    const forcedRetries = !isRepeatable ? 0 : forcedRetriesOf(this.#settings, this.#request)
    for (let attempt = this.#checkpoint?.jobs.at(-1)?.attempt ?? 0; ; attempt += 1) {
      const mayForce = attempt < forcedRetries
      if (attempt > 0) await profile.force()
      this.#tally.reset()
      this.#tally.forcedRetries = attempt
      const delivery = await this.#deliver(inspection, attempt, !mayForce)
      if (!mayForce || this.#tally.due === 0) return delivery
      if (this.#tally.untagged === 0) {
        await delivery.sweep()
        return delivery
      }
      this.#context.emit({ type: 'forced-retry', attempt: attempt + 1, untagged: this.#tally.untagged })
    }
  }

  /** Whether a job was asked for before the run was interrupted. */
  get #hasJobs(): boolean {
    return this.#checkpoint !== undefined && this.#checkpoint.jobs.length > 0
  }

  #partsOf({ coverage }: Inspection): readonly JobPart[] {
    return partsOf(this.#request, coverage, this.#settings.reconciliation)
  }

  async #deliver(inspection: Inspection, attempt: number, repair: boolean): Promise<RunDelivery> {
    const { deliver = (subject: DeliverySubject) => new Delivery(subject) } = this.#extras
    const delivery = deliver({
      settings: this.#settings,
      request: this.#request,
      organizationId: inspection.organization.id,
      inspection,
      // As they were split when the first job was created: what one job has, another must not be asked for.
      parts: (this.#hasJobs ? this.#checkpoint?.parts : undefined) ?? this.#partsOf(inspection),
      coverage: inspection.coverage,
      jobs: this.#jobs.of(attempt),
      repair,
      dryRun: this.#dryRun,
      hashContent: this.#hashContent,
      inventory: this.#extras.inventory,
      shardJobs: this.#checkpoint?.shardJobs ?? [],
      former: formerDelivery(this.#journal, this.#checkpoint, attempt, this.#context.signal),
      recorder: this.#recorder,
      tally: this.#tally,
      context: this.#context,
      timed: (stage, work) => this.#timed(stage, work),
    })
    await delivery.complete()
    return delivery
  }

  /** Every recording with the one state it ended in: what the report's counts are recounted from. */
  async #recordRecordings(delivery: RunDelivery): Promise<void> {
    if (!this.#recorder.active) return
    const settled = delivery.ledger.settled(...unexplainedBy(delivery, this.#request))
    // Side by side, so that a journal can make many durable at once; they are appended in this order.
    let written = 0
    for await (const _ of mapWindow(settled, 256, (recording) => this.#recorder.recording(recording))) {
      written += 1
      if (written % recordsInATurn !== 0) continue
      // A journal that has room answers at once: without a pause no signal would be heard before the last record.
      await turnOfEventLoop()
      throwIfAborted(this.#context.signal, 'reconcile')
    }
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

// Some milliseconds of work.
const recordsInATurn = 512
