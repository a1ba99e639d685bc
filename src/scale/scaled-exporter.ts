import { randomUUID } from 'node:crypto'
import { type LegalHoldExporter, settingsOf } from '../exporter.js'
import { OptionCheck } from '../internal/option-check.js'
import { LegalHoldError } from '../model/errors.js'
import type { RunEvent } from '../model/events.js'
import type { Finding } from '../model/findings.js'
import { type InventoryReport, inventoryReportOf } from '../model/inventory/report.js'
import type { RunReport } from '../model/report.js'
import type { ExportRequest } from '../model/request.js'
import { isPort } from '../options/checks.js'
import type { Settings } from '../options/exporter-options.js'
import { checkRequest } from '../options/request.js'
import type { EvidenceSink } from '../ports/evidence.js'
import type { CallOptions } from '../ports/runtime.js'
import { provenByInventory } from '../run/late-findings.js'
import type { RunOptions } from '../run/run-options.js'
import { runAndTell } from '../run/told-run.js'
import { cancelRun } from './coordinator/cancel.js'
import { ShardedDelivery, type ShardedOptions } from './coordinator/sharded-delivery.js'
import { type ScaleStatus, statusOf } from './coordinator/status.js'
import { ObjectJournal } from './journal/object-journal.js'
import { isRunId, runKeys } from './keys.js'
import { estimateOf, type ScaleEstimate } from './plan/estimate.js'
import type { Plan } from './plan/plan.js'
import type { SpoolLimits } from './plan/spool.js'
import type { InventorySource } from './ports/inventory-source.js'
import type { ShardEngine } from './ports/shard-engine.js'
import type { ShardStore } from './ports/shard-store.js'

/** Options of {@link ScaledExporter}. */
export interface ScaledExporterOptions {
  /** A `LegalHoldExporter`. The run uses its platform, storage, hold and rules. */
  readonly exporter: LegalHoldExporter
  /** Where plan, journals and seals lie. Use a bucket for evidence, never that of the recordings. */
  readonly store: ShardStore
  readonly engine: ShardEngine
  /** Prefix of all keys in the store. It must be empty or end with `/`. @defaultValue 'runs/' */
  readonly prefix?: string | undefined
}

/** Options of {@link ScaledExporter.plan}. */
export interface ScalePlanOptions extends CallOptions {
  /** The run that is planned, or resumed. @defaultValue a new one */
  readonly runId?: string | undefined
  /** Size of a shard, in objects. @defaultValue 1000 */
  readonly objectsPerShard?: number | undefined
  /** Average bytes of an object, for the estimate. @defaultValue 1048576 (1 MiB) */
  readonly averageObjectBytes?: number | undefined
  /** Shards at once, for the engine and for the estimate. @defaultValue that of the engine; 100 if it has none */
  readonly concurrency?: number | undefined
  /**
   * A list of the bucket's objects: what it shows to be held is not read. Such verdicts are `provenBy: 'inventory'`, and
   * the run is `complete` only if `inventory-is-proof` is accepted. It is part of the plan: when a run with a plan
   * resumes, another inventory has no effect.
   *
   * @defaultValue every object is read by HEAD
   */
  readonly inventory?: InventorySource | undefined
  /** Objects of the inventory, drawn at random, that are read by HEAD before it is trusted. @defaultValue 3000 */
  readonly inventorySample?: number | undefined
  /** How much is kept in memory while a plan is sorted. */
  readonly spool?: SpoolLimits | undefined
  /** Called for every event. Its errors are logged and ignored. */
  readonly onEvent?: ((event: RunEvent) => void) | undefined
}

/** Options of {@link ScaledExporter.run}. */
export interface ScaledRunOptions extends ScalePlanOptions {
  /**
   * Called before the first job is submitted, and not by a run that resumes after that. If it returns `false`, the run
   * ends there, and may be resumed.
   */
  readonly confirm?: ((plan: ScalePlan) => boolean | Promise<boolean>) | undefined
  /** Largest number of engine jobs. Each gets the shards that are not sealed yet. @defaultValue 3 */
  readonly maxRounds?: number | undefined
  /** Time between two polls of the engine's job, in milliseconds. @defaultValue 15000 */
  readonly pollMs?: number | undefined
  /** How long one round may take, in milliseconds. @defaultValue 604800000 (7 d) */
  readonly roundTimeoutMs?: number | undefined
  /** Plan and look, but change no object. @defaultValue false */
  readonly dryRun?: boolean | undefined
  /** Turns the coordinator's journal into evidence: `evidenceBundle({ dir, signer })`. @defaultValue none */
  readonly evidence?: EvidenceSink | undefined
  /** Told what became of the run, at its end and when it fails: as for a run in one process. @defaultValue none */
  readonly onFinish?: RunOptions['onFinish']
}

/** What a run will do. Nothing has been submitted. */
export interface ScalePlan {
  readonly runId: string
  readonly shards: number
  /** Recordings that the platform's lists name. */
  readonly recordings: number
  /** Estimated number of objects of these recordings. */
  readonly objects?: number | undefined
  readonly estimate: ScaleEstimate
  /** Absent if the plan has no inventory. */
  readonly inventory?: ScalePlanInventory | undefined
  readonly findings: readonly Finding[]
  /** SHA-256 of the plan, hex. */
  readonly planSha256: string
}

/** What a plan owes to an inventory. */
export interface ScalePlanInventory extends InventoryReport {
  /** Expected recordings of which the inventory has no file: they came later, or are missing. */
  readonly absent: number
}

const defaults = { inventorySample: 3_000, objectsPerShard: 1_000, averageObjectBytes: 1 << 20 }
/** Where neither the caller nor the engine says how many shards run at once. */
const defaultConcurrency = 100
const runDefaults = { maxRounds: 3, pollMs: 15_000, roundTimeoutMs: 604_800_000 }

/**
 * Spreads a run over shards that an engine runs: S3 Batch Operations, Step Functions, or this process. It plans,
 * submits, follows and adds up. The result is the report that one process would have given.
 *
 * The store holds everything that is needed to resume: run again with the same run id, on any machine.
 *
 * @example
 * ```ts
 * const scaled = new ScaledExporter({ exporter, store, engine })
 * const { estimate, runId } = await scaled.plan(request)
 * const report = await scaled.run(request, { runId })
 * ```
 *
 * @throws LegalHoldError `INVALID_OPTIONS`
 */
export class ScaledExporter {
  readonly #settings: Settings
  readonly #store: ShardStore
  readonly #engine: ShardEngine
  readonly #prefix: string

  constructor(options: ScaledExporterOptions) {
    const { exporter, store, engine, prefix = 'runs/' } = options ?? {}
    const mistakes = new OptionCheck('The options of ScaledExporter')
    const { check } = mistakes
    const settings = settingsOf(exporter)
    check(settings !== undefined, 'exporter', 'must be a LegalHoldExporter')
    check(isPort(store, ['create', 'read', 'list']), 'store', 'must be a ShardStore')
    check(isPort(engine, ['submit', 'find', 'get', 'cancel', 'results']), 'engine', 'must be a ShardEngine')
    const isPrefix = typeof prefix === 'string' && (prefix === '' || prefix.endsWith('/'))
    check(isPrefix, 'prefix', "must be empty or end with '/'")
    mistakes.throwIfAny()
    this.#settings = settings as Settings
    this.#store = store
    this.#engine = engine
    this.#prefix = prefix
  }

  /**
   * Inspects, exports as `run` would, cuts the expected recordings into shards and estimates their cost. Nothing
   * is submitted to the engine, and no object is changed. `run` with the same run id does the plan.
   *
   * @throws LegalHoldError what a run throws; `UNSUPPORTED` if the platform does not say when a conversation began
   */
  async plan(request: ExportRequest, options: ScalePlanOptions = {}): Promise<ScalePlan> {
    const planned: { plan?: ScalePlan } = {}
    const findings: Finding[] = []
    try {
      await this.#run(request, this.#checked('plan', options), findings, async (plan) => {
        planned.plan = plan
        throw new PlanOnly()
      })
    } catch (error) {
      if (!(error instanceof PlanOnly) || planned.plan === undefined) throw error
      return planned.plan
    }
    throw new LegalHoldError(`The run ${options.runId} is finished: run returns its report.`, {
      code: 'INVALID_REQUEST',
      stage: 'options',
    })
  }

  /**
   * The whole job over shards. After an interruption at any instant, call it again with the same run id to resume.
   * A finished run returns its report at once.
   *
   * A shard that is never sealed leaves each of its recordings as an exception with the code `SHARD_UNFINISHED`,
   * and the outcome incomplete.
   *
   * @throws LegalHoldError what a run throws; `JOB_CANCELLED`, `JOB_DEADLINE_EXCEEDED`, `ENGINE_*`
   */
  run(request: ExportRequest, options: ScaledRunOptions = {}): Promise<RunReport> {
    const checked = this.#checked('run', options)
    return this.#run(request, checked, [], async (plan, isSubmitted) => {
      if (isSubmitted || checked.confirm === undefined || (await checked.confirm(plan))) return
      throw new LegalHoldError(
        `The plan of the run ${plan.runId} was not confirmed: nothing was submitted. Run again with this run id to do it.`,
        { code: 'ABORTED', stage: 'export', details: { runId: plan.runId } },
      )
    })
  }

  /** The progress of a run, read from the store alone. It works on any machine, whether the run is active or not. */
  status(runId: string, options: CallOptions = {}): Promise<ScaleStatus> {
    return statusOf(this.#store, runKeys(this.#prefix, checkedRunId(runId)), options)
  }

  /**
   * Cancels the engine's job of a run. Sealed shards stay. A coordinator that follows the job rejects with
   * `JOB_CANCELLED`. A further run with this run id does the rest.
   *
   * A job of a `LocalEngine` may live in another process: it ends when its coordinator next looks, within `pollMs`.
   *
   * @throws LegalHoldError `ENGINE_JOB_NOT_FOUND` if none was submitted, and what the engine throws
   */
  async cancel(runId: string, options: CallOptions = {}): Promise<void> {
    const keys = runKeys(this.#prefix, checkedRunId(runId))
    await cancelRun({ store: this.#store, keys, engine: this.#engine }, options)
  }

  async #run(
    request: ExportRequest,
    options: CheckedOptions,
    findings: Finding[],
    onPlan: (plan: ScalePlan, isSubmitted: boolean) => Promise<void>,
  ): Promise<RunReport> {
    const settings = this.#settings
    const checked = checkRequest(request, settings.clock.now())
    const { runId, signal, dryRun, evidence, onFinish } = options
    const keys = runKeys(this.#prefix, runId)
    const store = this.#store
    const journal = new ObjectJournal({ store, prefix: keys.journal, clock: settings.clock })
    const onEvent = (event: RunEvent) => {
      if (event.type === 'finding') findings.push(event.finding)
      options.onEvent?.(event)
    }
    const sharded: ShardedOptions = {
      ...options,
      onPlan: (plan, isSubmitted) => onPlan(this.#shown(plan, options, findings), isSubmitted),
    }
    const parts = { store, keys, engine: this.#engine, options: sharded }
    return runAndTell(
      settings,
      checked,
      { signal, dryRun, evidence, journal, onEvent, onFinish },
      { runId, deliver: (subject) => new ShardedDelivery(subject, parts) },
    )
  }

  #shown(plan: Plan, options: CheckedOptions, findings: readonly Finding[]): ScalePlan {
    const { runId, shards, recordings, planSha256, facts, inventory } = plan
    const objects = 2 * recordings
    // What the platform stamps need not be repaired; on the documented interface it stamps nothing.
    const byInventory = inventory?.trusted === true ? inventory.objects : 0
    const repairs = facts.platform.capabilities.stampsHoldMetadata ? 0 : Math.max(0, objects - byInventory)
    const { prices, storage } = this.#settings
    const { name: engine, capabilities } = this.#engine
    const { averageObjectBytes, concurrency = capabilities?.concurrency ?? defaultConcurrency } = options
    const sampled = inventory?.sample.read ?? 0
    const reading = { objects, byInventory, sampled, repairs, averageObjectBytes }
    const spread = { concurrency, engine, limitsConcurrency: capabilities?.limitsConcurrency }
    const estimate = estimateOf({ recordings, shards, ...reading, ...spread, prices })
    const told = [...findings, ...provenByInventory(inventory, { byInventory }, storage)]
    const planned = { runId, shards, recordings, objects, estimate, findings: told, planSha256 }
    if (inventory === undefined) return planned
    return { ...planned, inventory: { ...inventoryReportOf(inventory, byInventory), absent: inventory.absent } }
  }

  #checked(method: string, options: ScaledRunOptions): CheckedOptions {
    const mistakes = new OptionCheck(`The options of ${method}`)
    const { check } = mistakes
    const { runId = randomUUID() } = options
    check(isRunId(runId), 'runId', 'must be up to 100 letters, digits, dots, hyphens and underscores')
    const numbers = { ...defaults, ...runDefaults }
    const isCount = (value: number) => Number.isFinite(value) && value >= 1
    for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) {
      const value = options[name]
      if (value === undefined) continue
      check(isCount(value), name, 'must be a number of at least 1')
      numbers[name] = value
    }
    const { inventory, concurrency } = options
    check(concurrency === undefined || isCount(concurrency), 'concurrency', 'must be a number of at least 1')
    check(inventory === undefined || isPort(inventory, ['describe', 'rows']), 'inventory', 'must be an InventorySource')
    const { versions } = this.#settings.remediation
    check(
      inventory === undefined || versions === 'current',
      'inventory',
      "shows current versions, and cannot be used with remediation.versions: 'all'",
    )
    check(options.confirm === undefined || typeof options.confirm === 'function', 'confirm', 'must be a function')
    mistakes.throwIfAny()
    return { ...options, ...numbers, runId }
  }
}

type CheckedOptions = ScaledRunOptions & { readonly runId: string } & {
  readonly [Name in keyof typeof defaults | keyof typeof runDefaults]: number
}

/** Ends a run once its plan is made. */
class PlanOnly extends Error {
  constructor() {
    super('Only a plan was asked for.')
  }
}

function checkedRunId(runId: unknown): string {
  if (isRunId(runId)) return runId
  throw new LegalHoldError('A run id is up to 100 letters, digits, dots, hyphens and underscores.', {
    code: 'INVALID_REQUEST',
    stage: 'options',
  })
}
