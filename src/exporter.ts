import { DeferredStream } from './internal/streams/deferred-stream.js'
import { isStream, type Source } from './internal/streams/source.js'
import { LegalHoldError } from './model/errors.js'
import type { Inspection, ProfileInspection } from './model/inspection.js'
import type { ExportJob } from './model/platform.js'
import type { RunReport } from './model/report.js'
import type { ExportRequest } from './model/request.js'
import type { Release, Remediation, Verdict } from './model/verdict.js'
import { checkCallOptions, type ValidationSource, type WaitForJobOptions } from './options/call-options.js'
import { checkOptions, type LegalHoldExporterOptions, type Settings } from './options/exporter-options.js'
import { checkRequest } from './options/request.js'
import type { CallOptions } from './ports/runtime.js'
import type { Engine } from './run/engine.js'
import type { RunOptions } from './run/run-options.js'
import type { Reconciliation } from './stages/reconcile/reconcile.js'
import type { ReleaseOptions } from './stages/release/release.js'

// A registered symbol: the copies of this class in the ESM and CJS builds know each other's exporters.
const settingsKey: unique symbol = Symbol.for('genesys-legal-hold-exporter/settings') as never

/**
 * The checked options of an exporter, for parts of this library that work with them.
 *
 * @internal
 */
export function settingsOf(exporter: unknown): Settings | undefined {
  if (typeof exporter !== 'object' || exporter === null || !(settingsKey in exporter)) return undefined
  return (exporter as { readonly [settingsKey]: () => Settings })[settingsKey]()
}

/**
 * Exports the recordings under a legal hold, proves for every object that the hold is on it, and repairs the
 * others. `run` does all of this. Every stage is also a method that takes and returns plain data.
 *
 * @throws LegalHoldError `INVALID_OPTIONS` with all mistakes in `details.mistakes`; `INVALID_HOLD` if the hold's
 *   tag is the only one
 */
export class LegalHoldExporter {
  readonly #settings: Settings
  #loading: Promise<Engine> | undefined

  constructor(options: LegalHoldExporterOptions) {
    this.#settings = checkOptions(options)
    Object.defineProperty(this, settingsKey, { value: () => this.#settings })
  }

  /** Reads the export profile or integration and reports what is wrong with it. An unknown id is a finding. */
  async inspectProfile(id: string, options: CallOptions = {}): Promise<ProfileInspection> {
    checkCallOptions('inspectProfile', options)
    return (await this.#engine()).inspectProfile(id, options)
  }

  /**
   * Everything that a run inspects before it creates anything: profile, bucket, coverage, retention, residency.
   * Creates and changes nothing, and accepts nothing: the caller sees every blocker.
   *
   * @throws LegalHoldError `INVALID_REQUEST`, `ABORTED`, `PLATFORM_*`, `STORAGE_*`
   */
  async inspect(request: ExportRequest, options: CallOptions = {}): Promise<Inspection> {
    checkCallOptions('inspect', options)
    const checked = checkRequest(request, this.#settings.clock.now())
    return (await this.#engine()).inspect(checked, options)
  }

  /**
   * Creates the export job once. Waits its turn while the organisation's job slots are taken.
   *
   * @throws LegalHoldError `INVALID_REQUEST`, `JOB_DEADLINE_EXCEEDED`, `JOB_OUTCOME_UNKNOWN`, `PLATFORM_*`,
   *   `ABORTED`
   */
  async createJob(request: ExportRequest, options: CallOptions = {}): Promise<ExportJob> {
    checkCallOptions('createJob', options)
    const checked = checkRequest(request, this.#settings.clock.now())
    return (await this.#engine()).createJob(checked, options)
  }

  /**
   * Waits until the job is FULFILLED, starting it when it is READY. FULFILLED does not prove that anything landed.
   *
   * @throws LegalHoldError `JOB_FAILED`, `JOB_CANCELLED`, `JOB_STATE_UNKNOWN`, `JOB_DEADLINE_EXCEEDED`, `ABORTED`
   */
  async waitForJob(job: ExportJob, options: WaitForJobOptions = {}): Promise<ExportJob> {
    checkCallOptions('waitForJob', options)
    checkWait(job, options)
    return (await this.#engine()).waitForJob(job, options)
  }

  /**
   * Validates objects and yields a verdict for each, in the order in which the answers come. Changes nothing.
   *
   * @param source objects or keys, `{ prefix }`, or a job with its request.
   * @defaultValue every object of the bucket
   */
  validate(source: ValidationSource = { prefix: '' }, options: CallOptions = {}): AsyncGenerator<Verdict, void, void> {
    checkSource(source)
    checkCallOptions('validate', options)
    return new DeferredStream(async () => (await this.#engine()).validate(source, options))
  }

  /**
   * Repairs objects that are not held and yields a remediation for each. Takes the sources of `validate`, or its
   * verdicts. It never takes a whole bucket by default (`{ prefix: '' }` requests it). With `dryRun` the repairs
   * are planned and nothing is changed.
   */
  remediate(
    source: ValidationSource | Source<Verdict>,
    options: CallOptions & { readonly dryRun?: boolean | undefined } = {},
  ): AsyncGenerator<Remediation, void, void> {
    return new DeferredStream(async () => {
      checkSource(source)
      checkCallOptions('remediate', options)
      return (await this.#engine()).remediate(source, options)
    })
  }

  /**
   * Removes the hold's tag from objects and leaves those of other matters. An Object Lock hold is switched off
   * only if no tag is left and only with `allowUnlock`. A retention stays. Everything is journalled with the
   * reason. Yields a release for each object that carried the tag, or could not be released.
   *
   * It releases the metadata and tags that the requirements name, if their required value is the hold's tag.
   *
   * @throws LegalHoldError `INVALID_REQUEST` without a reason or a source, and what stops a run
   */
  release(source: ValidationSource | Source<Verdict>, options: ReleaseOptions): AsyncGenerator<Release, void, void> {
    return new DeferredStream(async () => {
      checkSource(source)
      checkRelease(options)
      checkCallOptions('release', options)
      return (await this.#engine()).release(source, options)
    })
  }

  /**
   * Compares the recordings that the job covers with what lies in the bucket, without reading headers.
   *
   * @throws LegalHoldError `INVALID_REQUEST` for a job without its request
   */
  async reconcile(job: ExportJob, options: CallOptions = {}): Promise<Reconciliation> {
    checkCallOptions('reconcile', options)
    return (await this.#engine()).reconcile(job, options)
  }

  /**
   * The whole job: inspect, export, validate what lands as it lands, repair, reconcile, report.
   *
   * With a journal a run can be interrupted at any instant. Start it again with the same journal: it resumes where
   * it stopped, with the same run id and the same job. A finished journal returns its report at once.
   *
   * @throws LegalHoldError `PREFLIGHT_BLOCKED` with `findings`, `ABORTED`, `CHECKPOINT_MISMATCH`, `JOURNAL_*`,
   *   `JOB_*`, `PLATFORM_*`, `STORAGE_*`
   */
  async run(request: ExportRequest, options: RunOptions = {}): Promise<RunReport> {
    checkCallOptions('run', options)
    const checked = checkRequest(request, this.#settings.clock.now())
    return (await this.#engine()).run(checked, options)
  }

  /** What a run needs is loaded when it is first asked for, so that importing the library costs next to nothing. */
  #engine(): Promise<Engine> {
    this.#loading ??= import('./run/engine.js').then(({ Engine: Loaded }) => new Loaded(this.#settings))
    return this.#loading
  }
}

/** A text is iterable, letter by letter: what is meant by it is a list of one key, or a prefix. */
function checkSource(source: unknown): void {
  const isObject = typeof source === 'object' && source !== null
  if (isObject && (isStream(source) || 'id' in source || typeof (source as { prefix?: unknown }).prefix === 'string')) {
    return
  }
  throw new LegalHoldError(
    "What to look at must be a list or stream of keys, objects or verdicts, { prefix: '…' }, or a job; { prefix: '' } is the whole bucket.",
    { code: 'INVALID_REQUEST', stage: 'options' },
  )
}

function checkRelease(options: unknown): void {
  const given = (options ?? {}) as Partial<Record<keyof ReleaseOptions, unknown>>
  const { reason, allowUnlock, dryRun, releaseSource } = given
  const isFlag = (value: unknown) => value === undefined || typeof value === 'boolean'
  const hasReason = typeof reason === 'string' && reason.trim() !== ''
  if (hasReason && [allowUnlock, dryRun, releaseSource].every(isFlag)) return
  const problem = hasReason
    ? 'allowUnlock, dryRun and releaseSource are true or false'
    : 'it needs a reason, which is recorded in the journal'
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
  const problem = named ? `${wrong?.[0]} must be a number of at least 0` : 'the job must be what createJob returned'
  throw new LegalHoldError(`waitForJob cannot be used like this: ${problem}.`, {
    code: 'INVALID_REQUEST',
    stage: 'options',
  })
}
