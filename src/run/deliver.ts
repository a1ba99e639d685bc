import { abortedError, forManyListeners, throwIfAborted } from '../internal/abort.js'
import { InPieces, mapWindow, type Source } from '../internal/streams/streams.js'
import { turnsOf } from '../internal/turns.js'
import { inheritWaits } from '../internal/waits/waits.js'
import type { BegunObject } from '../journal/begun-repairs.js'
import type { Recorder } from '../journal/recorder.js'
import type { BegunRepair, JobPart, JournalData } from '../journal/records.js'
import type { RecordedShardJob } from '../journal/shard-data.js'
import type { Stage } from '../model/errors.js'
import type { HashContent } from '../model/evidence.js'
import type { Inspection } from '../model/inspection.js'
import type { InventoryFacts } from '../model/inventory/report.js'
import type { ExpectedListing, PlatformCoverage } from '../model/platform.js'
import type { ScaleReport } from '../model/report.js'
import type { ExportRequest } from '../model/request.js'
import type { ObjectPlace, Verdict } from '../model/verdict.js'
import type { Settings } from '../options/exporter-options.js'
import { RecordingLedger } from '../stages/account/ledger.js'
import type { SettledLedger } from '../stages/account/ledger-view.js'
import type { StageContext } from '../stages/context.js'
import { findDeleted } from '../stages/discover/deleted.js'
import { type DiscoveredObject, type DiscoverySettings, discover } from '../stages/discover/discover.js'
import type { JobWatch } from '../stages/discover/folder-watch.js'
import { land } from '../stages/discover/landing.js'
import { Watermarks } from '../stages/discover/watermarks.js'
import { explainMissing } from '../stages/export/explain-missing.js'
import type { AttemptJobs } from '../stages/export/job-book.js'
import { JobGroup } from '../stages/export/job-group.js'
import { listsRecordings } from '../stages/export/parts.js'
import { judgeByInventory, type KnownInventory } from '../stages/object/by-inventory.js'
import { objectRecord } from '../stages/object/object-record.js'
import { type DeferringPipeline, deferringPipeline } from '../stages/object/pipeline.js'
import type { Processed } from '../stages/object/processed.js'
import { lineOf } from '../stages/reading/listed-line.js'
import { pendingOf } from '../stages/reconcile/reconcile.js'
import { type Chain, Chains } from '../stages/repair/history/chains.js'
import { concluded, type Deferred, followed } from '../stages/repair/history/deferred.js'
import { witnessBeside } from '../stages/repair/witness-beside.js'
import { Account, entryOf } from './account.js'
import { replayVerdict } from './replay.js'
import type { Tally } from './tally.js'

/** What a former part of the run found out, before it was interrupted. */
export interface FormerDelivery {
  /** The records of the objects that are done with. */
  verdicts(): AsyncIterable<JournalData['verdict']>
  /** Objects that were under repair. */
  readonly begun: Iterable<BegunObject>
  /** By folder, the key up to which everything that was listed is on record. */
  readonly watermarks: ReadonlyMap<string, string>
}

/** What one delivery needs. */
export interface DeliverySubject {
  readonly settings: Settings
  readonly request: ExportRequest
  readonly organizationId: string
  readonly inspection: Inspection
  readonly parts: readonly JobPart[]
  /** How far the index reached when the parts were made. */
  readonly coverage: PlatformCoverage
  readonly jobs: AttemptJobs
  /** Repair what is not held, or only look. */
  readonly repair: boolean
  readonly dryRun: boolean
  /** Whether contents are read for their digest. */
  readonly hashContent: HashContent
  readonly former: FormerDelivery | undefined
  /** What shows that an object is held without a HEAD; `undefined` if each is read. */
  readonly inventory: KnownInventory | undefined
  /** What the journal of a resumed run says of the jobs of engines. */
  readonly shardJobs: readonly RecordedShardJob[]
  readonly recorder: Recorder
  readonly tally: Tally
  readonly context: StageContext
  readonly timed: <T>(stage: Stage, work: () => Promise<T>) => Promise<T>
}

/** How the objects of a run are dealt with: by this process, or by shards. */
export interface RunDelivery {
  readonly ledger: SettledLedger
  readonly jobs: Pick<JobGroup, 'jobs' | 'accounts'>
  /** What asking for the missing recordings cost; `undefined` if it was not necessary. */
  readonly explanations: ExpectedListing | undefined
  /** The inventory that objects may rest on; absent if there is none. */
  readonly inventory?: InventoryFacts | undefined
  /** How the work was spread; absent if this process did it. */
  readonly scale?: ScaleReport | undefined
  /** Resolves when everything that was expected and came has been dealt with. */
  complete(): Promise<void>
  /** Repairs what a delivery without repairs left as it was. */
  sweep(): Promise<void>
}

/** How an object is dealt with. */
interface Way {
  readonly pipeline: DeferringPipeline
  readonly begun?: BegunRepair | undefined
  readonly chain?: Chain | undefined
}

/**
 * One export from its first job until everything expected has landed and was validated and repaired. The jobs are
 * polled while objects are validated as they land; a failure on either side ends the other.
 */
export class Delivery implements RunDelivery {
  readonly ledger: RecordingLedger
  readonly jobs: JobGroup
  /** What asking for the missing recordings cost; `undefined` if it was not necessary. */
  explanations: ExpectedListing | undefined
  readonly inventory: InventoryFacts | undefined
  readonly #subject: DeliverySubject
  readonly #account: Account
  readonly #stop = new AbortController()
  readonly #watermarks: Watermarks
  readonly #context: StageContext

  constructor(subject: DeliverySubject) {
    const { settings, parts, coverage, jobs, dryRun, former, recorder, timed } = subject
    this.#subject = subject
    this.inventory = subject.inventory?.facts
    this.#watermarks = new Watermarks(former?.watermarks ?? new Map(), (prefix, through) =>
      recorder.note('watermark', { prefix, through }),
    )
    this.#context = {
      ...subject.context,
      signal: inheritWaits(forManyListeners(this.#stop.signal), subject.context.signal),
    }
    const { platform } = settings
    this.ledger = new RecordingLedger(listsRecordings(settings, subject.request), {
      isRecordingId: platform.isRecordingId?.bind(platform),
      writtenSince: () => this.jobs.createdAt,
    })
    this.#account = new Account({
      ledger: this.ledger,
      tally: subject.tally,
      isSwept: !subject.repair,
      // Its former versions may be due.
      heldIsDone: settings.remediation.versions === 'current',
    })
    this.jobs = new JobGroup({
      settings,
      parts,
      coverage,
      jobs,
      protect: settings.platform.protectSource === true && !dryRun,
      ledger: this.ledger,
      recorder,
      context: this.#context,
      timed,
    })
  }

  /** Resolves when everything that was expected and came has been dealt with. */
  async complete(): Promise<void> {
    const { signal } = this.#subject.context
    const onAbort = () => this.#stop.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    try {
      await this.#run()
    } catch (error) {
      // What stopped the run is what is reported, not the echo of it in the other half.
      if (signal?.aborted) throw abortedError(signal, 'validate')
      throw error
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Repairs what a delivery without repairs left as it was. */
  async sweep(): Promise<void> {
    const { settings, context } = this.#subject
    const found = discover(settings.storage, this.#discovery(), this.ledger, context)
    await this.#consume(new InPieces(() => unless(found, this.#account)), true, context)
  }

  async #run(): Promise<void> {
    const { timed } = this.#subject
    const ending = this.jobs.run()
    // A rejection before anybody waits must not crash the process; it is seen through `settledOr` or `ending`.
    ending.catch(() => {})
    try {
      await Promise.race([this.jobs.takenUp, ending])
      await this.#replay()
      await Promise.race([this.jobs.started, ending])
      await timed('validate', () => this.#validateLanding(ending))
      await ending
      if (this.ledger.neverDelivered > 0) await this.#explainMissing()
      if (this.ledger.pending > 0) await timed('validate', () => this.#lookForDeleted())
    } catch (error) {
      this.#stop.abort(error)
      await ending.catch(() => {})
      throw error
    }
  }

  /** Takes up the account where a former part of the run left it. */
  async #replay(): Promise<void> {
    const { former } = this.#subject
    if (former === undefined) return
    for await (const verdict of former.verdicts()) {
      throwIfAborted(this.#stop.signal, 'validate')
      replayVerdict(verdict, this.#account)
    }
    await this.#settle(former.begun)
  }

  /** Reads back what was under repair and finishes it, before anything else touches those objects. */
  async #settle(begun: Iterable<BegunObject>): Promise<void> {
    const { objectConcurrency, storage } = this.#subject.settings
    const pipeline = this.#pipeline(true, this.#context)
    const settled = mapWindow(begun, objectConcurrency, ({ object, place, repair }) => {
      const { original } = repair
      if (original !== undefined) this.#account.seen.add(original)
      const found = { object: original ?? object, place }
      return turnsOf(storage).take(found.object.key, async () => {
        await concluded(await this.#process(found, { pipeline, begun: repair }))
      })
    })
    for await (const _ of settled) {
      // As below: the window does the work.
    }
  }

  async #validateLanding(ending: Promise<void>): Promise<void> {
    const { settings, repair } = this.#subject
    const { storage, landing } = settings
    const landed = land({
      storage,
      settings: this.#discovery(),
      ledger: this.ledger,
      job: this.#watch(ending),
      options: landing,
      seen: this.#account.seen,
      watermarks: this.#watermarks,
      context: this.#context,
    })
    await this.#consume(new InPieces(() => landed), repair, this.#context)
  }

  /** What is still missing may have been deleted since it was delivered. */
  async #lookForDeleted(): Promise<void> {
    const { settings, organizationId, repair } = this.#subject
    const pending = this.ledger.pendingRecordings()
    const found = findDeleted(settings.storage, { organizationId, pending }, this.ledger, this.#context)
    await this.#consume(found, repair, this.#context)
  }

  #discovery(): DiscoverySettings {
    const { settings, request, organizationId } = this.#subject
    return {
      organizationId,
      interval: request.interval,
      lookbackHours: settings.lookbackHours,
      alsoHours: () => this.ledger.knownHours(),
      listConcurrency: settings.folderConcurrency,
    }
  }

  #watch(ending: Promise<void>): JobWatch {
    const { clock, landing } = this.#subject.settings
    const { jobs } = this
    return {
      createdAt: jobs.createdAt,
      lists: jobs.lists,
      listsComplete: () => jobs.listsComplete(),
      fulfilledAt: () => jobs.fulfilledAt,
      revisit: (hour) => jobs.revisit(hour, landing.landingQuietMs),
      pending: () => pendingOf(this.ledger, jobs.accounts),
      explainMissing: () => this.#explainMissing(),
      settledOr: async (ms) => {
        const wake = new AbortController()
        const onStop = () => wake.abort(this.#stop.signal.reason)
        this.#stop.signal.addEventListener('abort', onStop, { once: true })
        if (this.#stop.signal.aborted) onStop()
        try {
          const sleeping = clock.sleep(ms, wake.signal)
          await (jobs.fulfilledAt === undefined ? Promise.race([ending, sleeping]) : sleeping)
        } finally {
          this.#stop.signal.removeEventListener('abort', onStop)
          wake.abort()
        }
      },
    }
  }

  async #explainMissing(): Promise<void> {
    if (this.explanations !== undefined) return
    const { settings, request, recorder } = this.#subject
    const { ledger } = this
    const missing = { platform: settings.platform, request, ledger, accounts: () => this.jobs.accounts, recorder }
    this.explanations = await explainMissing(missing, this.#context)
  }

  async #consume(found: Source<DiscoveredObject>, repair: boolean, context: StageContext): Promise<void> {
    const { objectConcurrency, storage } = this.#subject.settings
    const chains = new Chains(storage, context)
    const pipeline = this.#pipeline(repair, context)
    const work = (item: DiscoveredObject) =>
      chains.work(item.object.key, async (chain) =>
        followed(await this.#process(item, { pipeline, chain: this.#deferrable(chain) }), async () => {
          await this.#watermarks.done(item)
          return undefined
        }),
      )
    try {
      for await (const _ of mapWindow(found, context.lanes ?? objectConcurrency, work)) {
        // The work is done in the window; what is left to do here is to keep it moving.
      }
    } catch (error) {
      // What stopped the work is what is reported; what had left its lane ends first.
      await chains.settled().catch(() => {})
      throw error
    }
    await chains.settled()
  }

  /** Versions beneath are read one by one if all of them must be held. */
  #deferrable(chain: Chain): Chain | undefined {
    return this.#subject.settings.remediation.versions === 'current' ? chain : undefined
  }

  #pipeline(repair: boolean, context: StageContext): DeferringPipeline {
    const { settings, recorder, dryRun, hashContent } = this.#subject
    const { storage, requirements, remediation: options, reconciliation } = settings
    return deferringPipeline({
      storage,
      requirements,
      repair: repair ? { options, dryRun, witness: witnessBeside(context.lanes, recorder) } : undefined,
      hashContent: recorder.active ? hashContent : undefined,
      readsSidecars: reconciliation.verifySidecars,
      context,
    })
  }

  /** One object; in its turn, so that one that is rewritten waits until its former state is finished. */
  async #process(
    found: DiscoveredObject,
    { pipeline, begun, chain }: Way,
  ): Promise<DiscoveredObject | Deferred<DiscoveredObject>> {
    const { object } = found
    const place = this.ledger.placeNow(found.place)
    this.#account.meet(object.key, place)
    // Listed while its repair was under way: what we wrote ourselves is no arrival.
    if (place.kind === 'unexpected' || (begun === undefined && this.#account.isWritten(object))) return found
    const { bucket, key } = object
    const verdict = begun === undefined ? this.#byInventory(object, place) : undefined
    const processed = await pipeline({ bucket, key, line: lineOf(object) }, place, { begun, chain, verdict })
    return followed(processed, async (done) => {
      await this.#enter(done, place, object, begun === undefined)
      return found
    })
  }

  /** @param isListed what was under repair came out of no listing, so the next one would show it as new */
  async #enter(
    processed: Processed,
    place: ObjectPlace,
    object: DiscoveredObject['object'],
    isListed: boolean,
  ): Promise<void> {
    const { recorder } = this.#subject
    this.#account.enter(entryOf(processed, place, object, isListed))
    if (recorder.active) await recorder.verdict(objectRecord(processed, place, this.jobs.jobs[0]))
  }

  /** What must be read anyway is not taken from an inventory. */
  #byInventory(object: DiscoveredObject['object'], place: ObjectPlace): Verdict | undefined {
    const { inventory, hashContent, settings } = this.#subject
    if (inventory === undefined || hashContent === 'all' || settings.remediation.versions === 'all') return undefined
    return judgeByInventory(inventory, settings.requirements, object, place)
  }
}

async function* unless(
  found: AsyncIterable<readonly DiscoveredObject[]>,
  account: Account,
): AsyncGenerator<readonly DiscoveredObject[]> {
  for await (const piece of found) yield piece.filter(({ object }) => !account.isDone(object))
}
