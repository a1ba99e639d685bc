import { LegalHoldError } from './errors.js'
import { forManyListeners } from './internal/abort.js'
import { Lanes } from './internal/lanes.js'
import { Batches, mapWindow, type Source } from './internal/streams.js'
import { runOnJournal } from './journalled-run.js'
import { checkOptions, checkRequest, type LegalHoldExporterOptions, type Settings } from './options.js'
import type { CallOptions, ExportJob, ObjectRef, ProfileInspection, UndecidedConversation } from './ports.js'
import type { RunReport } from './report.js'
import type { ExportRequest } from './request.js'
import { emitter, inspectionSubject, type RunOptions } from './run.js'
import { classifyConversation, everythingInScope } from './stages/classify.js'
import { persist, type StageContext } from './stages/context.js'
import { type DiscoveredObject, type DiscoverySettings, discover, listFolder } from './stages/discover.js'
import { createJob, type PollingOptions, waitForJob } from './stages/export.js'
import { bucketMismatch, type Inspection, inspect } from './stages/inspect.js'
import { parseKey } from './stages/layout.js'
import { RecordingLedger } from './stages/ledger.js'
import { type JobAccount, leftOutBy, type Reconciliation, reconciliationOf, unnamedBy } from './stages/reconcile.js'
import { Recorder } from './stages/recorder.js'
import { type ReleaseOptions, releaseObject } from './stages/release.js'
import { isDue, remediateObject } from './stages/remediate.js'
import { validateObject } from './stages/validate.js'
import type { ObjectPlace, Release, Remediation, Verdict } from './verdict.js'

/** Objects to look at: keys, references, or the verdicts of `validate`. */
export type ObjectSource = Source<string | ObjectRef>

/** What `validate` and `remediate` may be given: objects, a prefix, or a job. */
export type ValidationSource = ObjectSource | { readonly prefix: string } | ExportJob

/** Options of `waitForJob`. */
export interface WaitForJobOptions extends CallOptions {
  /** All the waiting, in milliseconds. @defaultValue the exporter's `polling.deadlineMs` */
  readonly deadlineMs?: number | undefined
  readonly minIntervalMs?: number | undefined
  readonly maxIntervalMs?: number | undefined
  /** Called after every poll. What it throws is logged and ignored. */
  readonly onProgress?: ((job: ExportJob) => void) | undefined
}

/**
 * Exports the recordings under a legal hold, proves for every object that the hold is on it, and repairs those where
 * it is not. `run` does it all; every stage is a method too, that takes and returns plain data.
 *
 * @throws LegalHoldError `INVALID_OPTIONS` with all mistakes in `details.mistakes`, `INVALID_HOLD`
 */
export class LegalHoldExporter {
  readonly #settings: Settings

  constructor(options: LegalHoldExporterOptions) {
    this.#settings = checkOptions(options)
  }

  /** Reads the export profile or integration and says what is wrong with it. An unknown one is a finding. */
  async inspectProfile(id: string, options: CallOptions = {}): Promise<ProfileInspection> {
    const { platform, storage } = this.#settings
    const inspection = await persist(this.#context(options), 'inspect', `profile ${id}`, () =>
      platform.inspectProfile(id, options),
    )
    return { ...inspection, findings: [...inspection.findings, ...bucketMismatch(inspection, storage.bucket)] }
  }

  /**
   * Everything that a run inspects before it creates anything: profile, bucket, coverage, retention, residency. Creates
   * and changes nothing, and accepts nothing: what blocks is for the caller to see.
   *
   * @throws LegalHoldError `INVALID_REQUEST`, `ABORTED`, `PLATFORM_…`, `STORAGE_…`
   */
  async inspect(request: ExportRequest, options: CallOptions = {}): Promise<Inspection> {
    const checked = checkRequest(request, this.#settings.clock.now())
    return inspect(inspectionSubject(this.#settings, checked, true), this.#context(options))
  }

  /**
   * Creates the export job, once; waits its turn while the organisation's job slots are taken.
   *
   * @throws LegalHoldError `INVALID_REQUEST`, `JOB_DEADLINE_EXCEEDED`, `JOB_OUTCOME_UNKNOWN`, `PLATFORM_…`, `ABORTED`
   */
  async createJob(request: ExportRequest, options: CallOptions = {}): Promise<ExportJob> {
    const { platform, hold, polling, clock } = this.#settings
    const checked = checkRequest(request, clock.now())
    const context = this.#context(options)
    const job = await createJob(platform, checked, { hold, runId: 'createJob' }, polling, context)
    return { ...job, request: checked }
  }

  /**
   * Waits until the job is FULFILLED, starting it when it is READY. FULFILLED does not prove that anything landed.
   *
   * @throws LegalHoldError `JOB_FAILED`, `JOB_CANCELLED`, `JOB_STATE_UNKNOWN`, `JOB_DEADLINE_EXCEEDED`, `ABORTED`
   */
  async waitForJob(job: ExportJob, options: WaitForJobOptions = {}): Promise<ExportJob> {
    const { polling, platform } = this.#settings
    checkWait(job, options)
    const waiting: PollingOptions = {
      ...polling,
      deadlineMs: options.deadlineMs ?? polling.deadlineMs,
      minIntervalMs: options.minIntervalMs ?? polling.minIntervalMs,
      maxIntervalMs: options.maxIntervalMs ?? polling.maxIntervalMs,
    }
    return waitForJob(platform, job, { ...waiting, onProgress: options.onProgress }, this.#context(options))
  }

  /**
   * Validates objects and yields a verdict for each, in the order in which the answers come. Changes nothing.
   *
   * @param source objects or keys, `{ prefix }`, or a job with its request.
   * @defaultValue every object of the bucket
   */
  validate(source: ValidationSource = { prefix: '' }, options: CallOptions = {}): AsyncGenerator<Verdict, void, void> {
    checkSource(source)
    return this.#validate(source, this.#context(options))
  }

  /**
   * Repairs what is not held and yields a remediation for each such object. Takes what `validate` takes, or its
   * verdicts, and never a whole bucket unasked (`{ prefix: '' }` asks). With `dryRun` the repairs are planned and nothing is changed.
   */
  async *remediate(
    source: ValidationSource | Source<Verdict>,
    options: CallOptions & { readonly dryRun?: boolean | undefined } = {},
  ): AsyncGenerator<Remediation, void, void> {
    const { storage, requirements, remediation, journal, clock, hold } = this.#settings
    checkSource(source)
    const context = this.#context(options)
    const settings = {
      requirements,
      options: remediation,
      dryRun: options.dryRun ?? false,
      witness: new Recorder(journal, 'remediate', clock, hold.tag),
    }
    const verdicts = this.#verdicts(source, context)
    const repairs = mapWindow(verdicts, context.lanes, async (verdict) =>
      verdict.verdict === 'held' && !isDue(verdict, remediation)
        ? undefined
        : remediateObject(storage, verdict, settings, context),
    )
    for await (const repair of repairs) {
      if (repair === undefined || (repair.verdict.verdict === 'held' && repair.outcome === 'not-needed')) continue
      yield repair
    }
  }

  /**
   * Takes the hold's tag off objects and leaves those of other matters. An Object Lock hold is switched off only where no
   * tag is left and only with `allowUnlock`; a retention stays. Everything is journalled with the reason. Yields a
   * release for each object that carried the tag, or could not be released.
   *
   * Of the metadata and tags that the requirements name, those are released whose required value is the hold's tag.
   *
   * @throws LegalHoldError `INVALID_REQUEST` without a reason or a source, and what stops a run
   */
  async *release(
    source: ValidationSource | Source<Verdict>,
    options: ReleaseOptions,
  ): AsyncGenerator<Release, void, void> {
    const { storage, requirements, remediation, journal, clock, hold } = this.#settings
    checkSource(source)
    checkRelease(options)
    const context = this.#context(options)
    const { reason, allowUnlock = false, dryRun = false } = options
    const recorder = new Recorder(journal, 'release', clock, hold.tag)
    const settings = { hold, requirements, options: remediation, reason, allowUnlock, dryRun, witness: recorder }
    const counts: Record<Release['outcome'], number> = {
      planned: 0,
      released: 0,
      'not-needed': 0,
      refused: 0,
      failed: 0,
    }
    await recorder.record('release', { hold, reason, allowUnlock, dryRun, phase: 'begun' })
    try {
      const releases = mapWindow(this.#subjects(source, context), context.lanes, ({ place, ...object }) =>
        releaseObject(storage, object, place, settings, context),
      )
      for await (const release of releases) {
        counts[release.outcome] += 1
        if (release.outcome !== 'not-needed') yield release
      }
      await recorder.record('release', { hold, reason, allowUnlock, dryRun, phase: 'ended', counts })
    } finally {
      await journal?.close?.()
    }
  }

  /**
   * Compares the recordings that the job covers with what lies in the bucket, without reading headers.
   *
   * @throws LegalHoldError `INVALID_REQUEST` for a job without its request
   */
  async reconcile(job: ExportJob, options: CallOptions = {}): Promise<Reconciliation> {
    const { platform, storage } = this.#settings
    const context = this.#context(options)
    const { ledger, discovery, account } = await this.#expectations(job, context)
    for await (const failed of platform.failedRecordings(job, options)) {
      ledger.failedAtSource(failed.recordingId, failed.reason, failed.conversationId)
      account.namedFailures += 1
    }
    let unexpected = 0
    for await (const piece of discover(storage, discovery, ledger, context)) {
      for (const { place } of piece) {
        if (place.kind === 'unexpected') unexpected += 1
        else ledger.arrived(place)
      }
    }
    return reconciliationOf(
      ledger,
      job,
      ledger.settle(
        unnamedBy(ledger, [account]),
        leftOutBy(ledger, [account], job.request?.includeSensitive === false),
      ),
      unexpected,
    )
  }

  /**
   * The whole job: inspect, export, validate what lands as it lands, repair, reconcile, report.
   *
   * With a journal it can be interrupted at any instant: run again with the same journal and it goes on where it stopped,
   * with the same run id and the same job. A finished journal gives its report again at once.
   *
   * @throws LegalHoldError `PREFLIGHT_BLOCKED` with `findings`, `ABORTED`, `CHECKPOINT_MISMATCH`, `JOURNAL_…`, `JOB_…`,
   *   `PLATFORM_…`, `STORAGE_…`
   */
  async run(request: ExportRequest, options: RunOptions = {}): Promise<RunReport> {
    const checked = checkRequest(request, this.#settings.clock.now())
    const { evidence, signal } = options
    if (evidence === undefined) return runOnJournal(this.#settings, checked, options)
    const journal = await evidence.open(options.journal ?? this.#settings.journal, { signal })
    const report = await runOnJournal(this.#settings, checked, { ...options, journal })
    const sealed = await evidence.seal(journal, { signal }).catch((error: unknown) => {
      throw notSealed(error, report)
    })
    emitter(this.#settings, options.onEvent)({ type: 'sealed', evidence: sealed })
    return report
  }

  #context(options: CallOptions): StageContext & { readonly lanes: Lanes } {
    const { clock, logger, retry, objectConcurrency } = this.#settings
    const lanes = new Lanes({ most: objectConcurrency, clock })
    return { clock, logger, retry, lanes, signal: forManyListeners(options.signal), emit: () => {} }
  }

  #validate(
    source: ValidationSource,
    context: StageContext & { readonly lanes: Lanes },
  ): AsyncGenerator<Verdict, void, void> {
    const { storage, requirements } = this.#settings
    if (isStream(source)) return mapWindow(source, context.lanes, (item) => this.#validateItem(item, context))
    return mapWindow(new Batches(this.#found(source, context)), context.lanes, ({ object, place }) =>
      // Not the listing's version: the current one is meant.
      validateObject(storage, requirements, { bucket: object.bucket, key: object.key }, place, context),
    )
  }

  #validateItem(item: string | ObjectRef, context: StageContext): Promise<Verdict> {
    const { storage, requirements } = this.#settings
    const ref = this.#ref(item)
    return validateObject(storage, requirements, ref, placeOf(ref.key), context)
  }

  async *#verdicts(
    source: ValidationSource | Source<Verdict>,
    context: StageContext & { readonly lanes: Lanes },
  ): AsyncGenerator<Verdict> {
    if (!isStream(source)) {
      yield* this.#validate(source, context)
      return
    }
    yield* mapWindow(source, context.lanes, async (item: string | ObjectRef | Verdict) => {
      if (typeof item === 'object' && 'verdict' in item) return item
      return this.#validateItem(item, context)
    })
  }

  /** Objects whatever they are given as, a verdict by its object. */
  async *#subjects(
    source: ValidationSource | Source<Verdict>,
    context: StageContext,
  ): AsyncGenerator<ObjectRef & { readonly place?: ObjectPlace | undefined }> {
    const { bucket } = this.#settings.storage
    if (!isStream(source)) {
      for await (const piece of this.#found(source, context)) {
        for (const { object, place } of piece) yield { bucket, key: object.key, place }
      }
      return
    }
    for await (const item of source as Source<string | ObjectRef | Verdict>) {
      const ref = this.#ref(typeof item === 'object' && 'verdict' in item ? item.object : item)
      yield { bucket: ref.bucket, key: ref.key, place: placeOf(ref.key) }
    }
  }

  /** What lies under a prefix, or belongs to a job. */
  async *#found(
    source: { readonly prefix: string } | ExportJob,
    context: StageContext,
  ): AsyncGenerator<readonly DiscoveredObject[]> {
    const { storage } = this.#settings
    if ('prefix' in source) {
      yield* listFolder(storage, { prefix: source.prefix, hour: undefined }, everythingInScope, context)
      return
    }
    const { ledger, discovery } = await this.#expectations(source, context)
    for await (const piece of discover(storage, discovery, ledger, context)) {
      yield piece.filter(({ place }) => place.kind !== 'unexpected')
    }
  }

  async #expectations(
    job: ExportJob,
    context: StageContext,
  ): Promise<{
    readonly ledger: RecordingLedger
    readonly discovery: DiscoverySettings
    readonly account: JobAccount
  }> {
    const { platform, lookbackHours, folderConcurrency, reconciliation } = this.#settings
    const { request } = job
    if (request === undefined) {
      throw new LegalHoldError(
        `Job ${job.id} does not say what it was created for; give it its request: { ...job, request }.`,
        { code: 'INVALID_REQUEST', stage: 'discover' },
      )
    }
    const { signal } = context
    const organization = await persist(context, 'discover', 'organization', () => platform.organization({ signal }))
    const ledger = new RecordingLedger(reconciliation.listsRecordings)
    const account = { job, expected: 0, skipped: 0, namedFailures: 0 }
    if (ledger.listed) {
      const onUndecided = (open: UndecidedConversation) => ledger.open(open.conversationId, open.conversationStart)
      for await (const recording of platform.expectedRecordings(job, request, { signal, onUndecided })) {
        ledger.expect(recording)
        account.expected += 1
        if (recording.skippedReason !== undefined) account.skipped += 1
      }
    }
    const discovery = {
      organizationId: organization.id,
      interval: request.interval,
      lookbackHours,
      alsoHours: () => ledger.knownHours(),
      listConcurrency: folderConcurrency,
    }
    return { ledger, discovery, account }
  }

  #ref(item: string | ObjectRef): ObjectRef {
    if (typeof item === 'string') return { bucket: this.#settings.storage.bucket, key: item }
    const { key, versionId } = item
    const bucket = item.bucket ?? this.#settings.storage.bucket
    return versionId === undefined ? { bucket, key } : { bucket, key, versionId }
  }
}

function notSealed(error: unknown, report: RunReport): LegalHoldError {
  const why = error instanceof Error ? error.message : String(error)
  return new LegalHoldError(
    `The run is finished and its report is in details.report, but its evidence could not be sealed: ${why} ` +
      'The journal is complete: seal it again with sealEvidence().',
    { code: 'EVIDENCE_NOT_SEALED', stage: 'report', details: { report }, cause: error },
  )
}

/** A text is iterable, letter by letter: what is meant by it is a list of one key, or a prefix. */
function checkSource(source: unknown): void {
  const isObject = typeof source === 'object' && source !== null
  if (isObject && (isStream(source) || 'id' in source || typeof (source as { prefix?: unknown }).prefix === 'string')) {
    return
  }
  throw new LegalHoldError(
    "What to look at has to be a list or stream of keys, objects or verdicts, { prefix: '…' }, or a job; { prefix: '' } is the whole bucket.",
    { code: 'INVALID_REQUEST', stage: 'options' },
  )
}

function checkRelease(options: unknown): void {
  const { reason, allowUnlock, dryRun } = (options ?? {}) as Partial<Record<keyof ReleaseOptions, unknown>>
  const isFlag = (value: unknown) => value === undefined || typeof value === 'boolean'
  const hasReason = typeof reason === 'string' && reason.trim() !== ''
  if (hasReason && isFlag(allowUnlock) && isFlag(dryRun)) return
  const problem = hasReason
    ? 'allowUnlock and dryRun are true or false'
    : 'it needs a reason, which stands in the journal'
  throw new LegalHoldError(`A release cannot be made like this: ${problem}.`, {
    code: 'INVALID_REQUEST',
    stage: 'options',
  })
}

function checkWait(job: unknown, options: WaitForJobOptions): void {
  const named = typeof job === 'object' && job !== null && typeof (job as { id?: unknown }).id === 'string'
  const { deadlineMs, minIntervalMs, maxIntervalMs } = options
  const wrong = Object.entries({ deadlineMs, minIntervalMs, maxIntervalMs }).find(
    ([, value]) => value !== undefined && !(Number.isFinite(value) && value >= 0),
  )
  if (named && wrong === undefined) return
  const problem = named ? `${wrong?.[0]} has to be a number of at least 0` : 'the job has to be what createJob returned'
  throw new LegalHoldError(`waitForJob cannot be used like this: ${problem}.`, {
    code: 'INVALID_REQUEST',
    stage: 'options',
  })
}

function isStream<S extends object>(source: S): source is Extract<S, AsyncIterable<unknown> | Iterable<unknown>> {
  return Symbol.asyncIterator in source || Symbol.iterator in source
}

/** The place a key by itself speaks of, without its neighbours and without a job's list. */
function placeOf(key: string): ObjectPlace | undefined {
  const parsed = parseKey(key)
  if (parsed === undefined) return undefined
  return classifyConversation([{ object: { bucket: '', key, sizeBytes: 0 }, key: parsed }], everythingInScope)[0]?.place
}
