import { sha256 } from '../../custody/crypto/sha256.js'
import { throwIfAborted } from '../../internal/abort.js'
import { counted, verb } from '../../internal/text/counted.js'
import type { RecordedShard } from '../../journal/shard-data.js'
import { LegalHoldError } from '../../model/errors.js'
import type { InventoryFacts } from '../../model/inventory/report.js'
import type { ExpectedListing, ExportJob } from '../../model/platform.js'
import type { ScaleReport } from '../../model/report.js'
import type { DeliverySubject, RunDelivery } from '../../run/deliver.js'
import { explainMissing } from '../../stages/export/explain-missing.js'
import { JobGroup, type PartAccount } from '../../stages/export/job-group.js'
import { listsRecordings } from '../../stages/export/parts.js'
import { inOrder } from '../in-order.js'
import { type OpenedInventory, openInventory, spoolInventory } from '../inventory/reading.js'
import type { Weighing } from '../inventory/weighed.js'
import { parseShardKey, type RunKeys } from '../keys.js'
import { makePlan, type Plan, type PlannedAccount, planSpools, readPlan, refsOf } from '../plan/plan.js'
import { PlanLedger } from '../plan/plan-ledger.js'
import { decodeList, type ShardFacts } from '../plan/shard-list.js'
import type { Spool, SpoolLimits } from '../plan/spool.js'
import type { InventorySource } from '../ports/inventory-source.js'
import type { ShardEngine, ShardRef } from '../ports/shard-engine.js'
import type { ShardStore } from '../ports/shard-store.js'
import { readSeal, type StoredSeal } from '../worker/stored-seal.js'
import { type RoundOptions, Rounds } from './rounds.js'
import { ShardedLedger } from './sharded-ledger.js'

/** What the shards of a run are planned and done with. */
export interface ShardedOptions extends RoundOptions {
  readonly objectsPerShard: number
  readonly spool?: SpoolLimits | undefined
  /** What may show that objects are held. */
  readonly inventory?: InventorySource | undefined
  /** Objects of it that are read by HEAD before it is relied on. */
  readonly inventorySample: number
  /**
   * Asked once the plan is made: what it rejects with, the run rejects with, and no shard is begun.
   *
   * @param isSubmitted whether a former part of the run has asked the engine for a job
   */
  readonly onPlan: (plan: Plan, isSubmitted: boolean) => Promise<void>
}

/** Where the shards of a run lie, and who does them. */
export interface ShardedParts {
  readonly store: ShardStore
  readonly keys: RunKeys
  readonly engine: ShardEngine
  readonly options: ShardedOptions
}

/** Seals that are read at once. */
const sealsAtOnce = 16

/**
 * The objects of a run, dealt with by shards. The jobs of the platform are run here; then what they are to deliver is cut into
 * shards, an engine does these, and their seals are added up.
 */
export class ShardedDelivery implements RunDelivery {
  ledger: ShardedLedger
  explanations: ExpectedListing | undefined
  scale: ScaleReport | undefined
  inventory: InventoryFacts | undefined
  readonly #subject: DeliverySubject
  readonly #parts: ShardedParts
  #accounts: readonly PartAccount[] = []

  constructor(subject: DeliverySubject, parts: ShardedParts) {
    this.#subject = subject
    this.#parts = parts
    this.ledger = new ShardedLedger(listsRecordings(subject.settings, subject.request), new Map())
  }

  get jobs(): { readonly jobs: readonly ExportJob[]; readonly accounts: readonly PartAccount[] } {
    const accounts = this.#accounts
    return { accounts, jobs: accounts.flatMap(({ job }) => (job === undefined ? [] : [job])) }
  }

  async complete(): Promise<void> {
    const { recorder, timed, shardJobs: former, context } = this.#subject
    const { store, keys, engine, options } = this.#parts
    const plan = (await this.#known()) ?? (await this.#plan())
    this.#accounts = plan.accounts.map((account) => ({ protection: undefined, ...account }))
    this.inventory = plan.facts.inventory
    const { planSha256, shards, recordings } = plan
    await recorder.record('shard-plan', { planSha256, shards, recordings })
    await options.onPlan(plan, former.length > 0)
    const rounds = new Rounds({ store, keys, engine, plan, options, former, recorder, context })
    const end = await timed('validate', () => rounds.run())
    this.scale = { engine: engine.name, shards, rounds: end.rounds, jobs: end.jobs }
    await timed('reconcile', () => this.#collect(plan, end.reasons))
    if (this.ledger.neverDelivered > 0) await this.#explain()
  }

  /** Shards repair what they find at once. */
  async sweep(): Promise<void> {}

  /** The plan that a former part of the run made: its lists are on record once more, as of a run that reads them again. */
  async #known(): Promise<Plan | undefined> {
    const { recorder, context } = this.#subject
    const { store, keys } = this.#parts
    const plan = await readPlan(store, keys, { signal: context.signal })
    if (plan === undefined || !plan.facts.platform.lists) return plan
    for (const { job, expected, skipped, later, listing } of plan.accounts) {
      if (job === undefined) continue
      const beyond = later === 0 ? {} : { laterThanInterval: later }
      await recorder.record('listing', { jobId: job.id, expected, skipped, ...beyond, ...listing })
    }
    return plan
  }

  async #plan(): Promise<Plan> {
    const { settings, request, parts, coverage, jobs, dryRun, recorder, context, timed } = this.#subject
    const { store, keys, options } = this.#parts
    const opened = await this.#openInventory()
    const spools = planSpools(store, keys, options.spool)
    const protect = settings.platform.protectSource === true && !dryRun
    const ledger = new PlanLedger(listsRecordings(settings, request), spools, protect)
    const group = new JobGroup({ settings, parts, coverage, jobs, protect, ledger, recorder, context, timed })
    await group.run()
    const accounts: readonly PlannedAccount[] = group.accounts
    const createdAt = new Date(settings.clock.now()).toISOString()
    const facts = this.#facts(group)
    const planned = { store, keys, spool: spools.rows, ids: spools.ids, ledger, facts, accounts, createdAt }
    const subject = opened === undefined ? planned : { ...planned, weighing: await this.#weighing(opened, planned) }
    return makePlan(subject, { objectsPerShard: options.objectsPerShard, signal: context.signal })
  }

  /** Before anything is exported: an inventory that cannot be used ends the plan. */
  async #openInventory(): Promise<OpenedInventory | undefined> {
    const { settings, request, context } = this.#subject
    const { inventory } = this.#parts.options
    if (inventory === undefined) return undefined
    if (!listsRecordings(settings, request)) {
      throw new LegalHoldError(
        'The platform does not list the recordings of this request, so that nothing says which objects of the inventory are expected: run without the inventory.',
        { code: 'UNSUPPORTED', stage: 'scale' },
      )
    }
    const { requirements, storage, clock } = settings
    const use = { bucket: storage.bucket, requirements, now: clock.now() }
    return openInventory(inventory, use, { signal: context.signal })
  }

  /** Puts the rows of the inventory beside what is expected. */
  async #weighing(
    opened: OpenedInventory,
    { spool, ledger }: { readonly spool: Spool; readonly ledger: PlanLedger },
  ): Promise<Weighing> {
    const { settings, inspection, context } = this.#subject
    const { storage, requirements, objectConcurrency: concurrency } = settings
    const where = { organizationId: inspection.organization.id, hours: ledger.hours, requirements, spool }
    await spoolInventory(opened, where, { signal: context.signal })
    return { opened, sample: this.#parts.options.inventorySample, storage, requirements, context, concurrency }
  }

  #facts(group: JobGroup): ShardFacts {
    const { settings, request, dryRun, hashContent, inspection, coverage } = this.#subject
    const { hold, requirements, storage, remediation, accept, lookbackHours, landing, platform, clock } = settings
    const [job] = group.jobs
    if (job === undefined) throw new LegalHoldError('A plan needs a job.', { code: 'INTERNAL', stage: 'export' })
    // Objects of any of the jobs are of this one.
    const createdAt = Number.isFinite(group.createdAt) ? new Date(group.createdAt).toISOString() : undefined
    return {
      runId: this.#runId,
      dryRun,
      hashContent,
      request,
      hold,
      requirements,
      bucket: storage.bucket,
      remediation,
      accept: [...accept].sort(),
      lookbackHours,
      landing,
      verifySidecars: settings.reconciliation.verifySidecars,
      platform: {
        name: platform.name,
        region: platform.region,
        capabilities: platform.capabilities,
        hasGenesysIds: platform.isRecordingId !== undefined,
        lists: listsRecordings(settings, request),
      },
      organization: inspection.organization,
      profile: { ...inspection.profile, findings: [] },
      coverage,
      job: { ...job, state: 'FULFILLED', totals: {}, createdAt },
      fulfilledAtMs: group.fulfilledAt ?? clock.now(),
    }
  }

  get #runId(): string {
    const { prefix } = this.#parts.keys
    return prefix.slice(0, -1).split('/').at(-1) ?? ''
  }

  /** Adds up the seals. A shard that was never sealed is an exception for each of its recordings. */
  async #collect(plan: Plan, reasons: ReadonlyMap<string, string>): Promise<void> {
    const { context, recorder } = this.#subject
    const { store } = this.#parts
    const { signal } = context
    this.ledger = new ShardedLedger(this.ledger.listed, new Map(plan.regions))
    this.ledger.contradicted(plan.contradictions)
    for (const failed of plan.unplaced) this.ledger.failedNowhere(failed)
    let listed = 0
    let unfinished = 0
    const refs = refsOf(store, plan, { signal })
    for await (const { ref, found } of inOrder(refs, sealsAtOnce, (ref) => this.#read(ref, plan))) {
      throwIfAborted(signal, 'reconcile')
      if (typeof found === 'string') {
        unfinished += 1
        await this.#unfinished(ref, reasons.get(ref.key) ?? found)
        continue
      }
      await recorder.note('shard', this.#take(ref, found))
      listed += found.seal.listed.count
      listed += found.seal.exceptions.filter((one) => one.listed !== false && one.recordingId !== undefined).length
    }
    if (unfinished > 0)
      this.ledger.doubt = `SHARD_UNFINISHED: ${unfinished} of ${counted(plan.shards, 'shard')} ${verb(unfinished, 'was', 'were')} not sealed`
    else if (this.ledger.listed && listed !== plan.recordings) {
      this.ledger.doubt = `the shards do not account for each recording of the plan: ${listed}, not ${plan.recordings}`
    }
  }

  async #read(ref: ShardRef, plan: Plan): Promise<{ readonly ref: ShardRef; readonly found: StoredSeal | string }> {
    const { signal } = this.#subject.context
    const key = parseShardKey(ref.key)
    if (key === undefined || key.runId !== plan.runId) return { ref, found: 'its key is not that of a shard' }
    return { ref, found: await readSeal(this.#parts.store, key, { signal }) }
  }

  #take({ shard, key }: ShardRef, { seal, sha256 }: StoredSeal): RecordedShard {
    const { counts, objects, verdicts, byInventory, repairs, steps, listed, account } = seal
    this.ledger.take(seal)
    this.#subject.tally.addReport({ objects, verdicts, byInventory, remediations: { ...repairs, steps } }, account.cost)
    return {
      shard,
      key,
      sealSha256: sha256,
      held: counts.held,
      repaired: counts.repaired,
      listed: listed.count,
      digest: listed.digest,
      objects,
      verdicts,
      ...(byInventory === undefined ? {} : { byInventory }),
      repairs,
      steps,
    }
  }

  async #unfinished({ shard, key }: ShardRef, why: string): Promise<void> {
    const content = await this.#parts.store.read(key, { signal: this.#subject.context.signal })
    // Somebody else's list names no recording of this run: that the shard is not sealed is said of the coverage.
    const isOwn = content !== undefined && sha256(content) === parseShardKey(key)?.sha256
    const list = isOwn ? decodeList(content) : 'is missing or was changed'
    if (typeof list === 'string') return
    const reason = `shard ${shard} was not sealed: ${why}`
    const seen = new Set<string>()
    for (const row of list.rows) {
      if (row.kind !== 'recording' || row.recording.isLaterThanInterval === true) continue
      const { recordingId, conversationId, conversationStart, mediaType } = row.recording
      if (seen.has(recordingId)) continue
      seen.add(recordingId)
      this.ledger.unfinished({
        recordingId,
        conversationId,
        state: 'unreadable',
        reason,
        code: 'SHARD_UNFINISHED',
        ...(conversationStart === undefined ? {} : { conversationStart }),
        ...(mediaType === undefined ? {} : { mediaType }),
      })
    }
  }

  async #explain(): Promise<void> {
    const { settings, request, recorder, context } = this.#subject
    const { ledger } = this
    const accounts = () => this.#accounts
    this.explanations = await explainMissing(
      { platform: settings.platform, request, ledger, accounts, recorder },
      context,
    )
  }
}
