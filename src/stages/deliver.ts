import type { Stage } from '../errors.js'
import { abortedError, forManyListeners, throwIfAborted } from '../internal/abort.js'
import { mapWindow, type Source } from '../internal/streams.js'
import type { Settings } from '../options.js'
import type { ExportJob, HashContent, JournalRecord } from '../ports.js'
import type { ExportRequest } from '../request.js'
import type { BegunObject } from './checkpoint.js'
import { type ContentDigest, contentDigest } from './content-digest.js'
import type { StageContext } from './context.js'
import { type DiscoveredObject, type DiscoverySettings, discover, SeenObjects } from './discover.js'
import { waitForJob } from './export.js'
import { type JobWatch, land } from './landing.js'
import { RecordingLedger } from './ledger.js'
import { objectRecord } from './object-record.js'
import { type Processed, processObject } from './process.js'
import { protectConversations } from './protect.js'
import { leftOutBy } from './reconcile.js'
import type { Recorder } from './recorder.js'
import type { BegunRepair } from './remediate.js'
import { replayVerdict } from './replay.js'
import type { Tally } from './tally.js'

/** What a former part of the run found out, before it was interrupted. */
export interface FormerDelivery {
  /** The records of the objects that are done with. */
  verdicts(): AsyncIterable<JournalRecord['data']>
  /** Objects that were under repair. */
  readonly begun: Iterable<BegunObject>
  /** The conversations are protected at the source. */
  readonly isProtected: boolean
}

/** What one delivery needs. */
export interface DeliverySubject {
  readonly settings: Settings
  readonly request: ExportRequest
  readonly organizationId: string
  readonly job: ExportJob
  /** Repair what is not held, or only look. */
  readonly repair: boolean
  readonly dryRun: boolean
  /** Whether contents are read for their digest. */
  readonly hashContent: HashContent
  readonly former: FormerDelivery | undefined
  readonly recorder: Recorder
  readonly tally: Tally
  readonly context: StageContext
  readonly timed: <T>(stage: Stage, work: () => Promise<T>) => Promise<T>
}

/**
 * One job from its creation until everything expected has landed and was validated and repaired. The job is polled
 * while objects are validated as they land; a failure on either side ends the other.
 */
export class Delivery {
  readonly ledger: RecordingLedger
  readonly #subject: DeliverySubject
  readonly #seen = new SeenObjects()
  readonly #written = new SeenObjects()
  /** What a sweep needs not look at; filled only where one may come. */
  readonly #done = new SeenObjects()
  readonly #busy = new Map<string, Promise<void>>()
  readonly #stop = new AbortController()
  readonly #context: StageContext
  #namedFailures = 0
  #job: ExportJob
  #fulfilledAt: number | undefined

  constructor(subject: DeliverySubject) {
    this.#subject = subject
    this.#job = subject.job
    this.#context = { ...subject.context, signal: forManyListeners(this.#stop.signal) }
    this.ledger = new RecordingLedger(subject.settings.platform.capabilities.listsExpectedRecordings)
  }

  /** Recordings that the platform named as failed. */
  get namedFailures(): number {
    return this.#namedFailures
  }

  /** @returns the job as it ended */
  async complete(): Promise<ExportJob> {
    const { signal } = this.#subject.context
    const onAbort = () => this.#stop.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    try {
      await this.#run()
      return this.#job
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
    await this.#consume(unless(found, this.#done), true, context)
  }

  async #run(): Promise<void> {
    const { settings, timed, former } = this.#subject
    const { platform } = settings
    if (platform.protectSource && !this.#subject.dryRun && former?.isProtected !== true) {
      await this.#loadExpected()
      await timed('protect', () => this.#protect())
    }
    const started = deferred()
    const ending = this.#awaitJob(started.resolve)
    // A rejection before anybody waits must not crash the process; it is seen through `settledOr` or `ending`.
    ending.catch(() => {})
    try {
      if (this.ledger.size === 0) await this.#loadExpected()
      await this.#replay()
      await Promise.race([started.promise, ending])
      await timed('validate', () => this.#validateLanding(ending))
      await ending
    } catch (error) {
      this.#stop.abort(error)
      await ending.catch(() => {})
      throw error
    }
  }

  async #awaitJob(onStarted: () => void): Promise<void> {
    const { settings, job, timed, recorder } = this.#subject
    const { platform, polling, clock } = settings
    const onProgress = (current: ExportJob) => {
      this.#job = current
      if (current.state === 'PROCESSING' || current.state === 'FULFILLED') onStarted()
    }
    try {
      this.#job = await timed('export', () => waitForJob(platform, job, { ...polling, onProgress }, this.#context))
    } finally {
      if (hasEnded(this.#job)) await recorder.record('job', this.#job)
    }
    const signal = this.#stop.signal
    for await (const failed of platform.failedRecordings(this.#job, { signal })) {
      this.ledger.failedAtSource(
        failed.recordingId,
        failed.reason ?? 'the platform could not export it, and gives no reason',
        failed.conversationId,
      )
      this.#namedFailures += 1
    }
    this.#fulfilledAt = clock.now()
  }

  async #loadExpected(): Promise<void> {
    const { settings, request, job } = this.#subject
    if (!this.ledger.listed) return
    const signal = this.#stop.signal
    for await (const recording of settings.platform.expectedRecordings(job, request, { signal })) {
      this.ledger.expect(recording)
    }
    this.#context.emit({ type: 'expected', recordings: this.ledger.size, skipped: this.ledger.skipped })
  }

  /** Takes up the account where a former part of the run left it. */
  async #replay(): Promise<void> {
    const { former, tally } = this.#subject
    if (former === undefined) return
    const account = { ledger: this.ledger, tally, seen: this.#seen, done: this.#done }
    for await (const verdict of former.verdicts()) {
      throwIfAborted(this.#stop.signal, 'validate')
      replayVerdict(verdict, account)
    }
    await this.#settle(former.begun)
  }

  /** Reads back what was under repair and finishes it, before anything else touches those objects. */
  async #settle(begun: Iterable<BegunObject>): Promise<void> {
    const { objectConcurrency } = this.#subject.settings
    const settled = mapWindow(begun, objectConcurrency, ({ place, repair }) => {
      this.#seen.add(repair.original)
      return this.#inTurn({ object: repair.original, place }, true, this.#context, repair)
    })
    for await (const _ of settled) {
      // As below: the window does the work.
    }
  }

  async #protect(): Promise<void> {
    const { settings, recorder } = this.#subject
    const result = await protectConversations(settings.platform, this.ledger.conversations(), this.#context)
    if (result !== undefined) await recorder.record('protection', result)
  }

  async #validateLanding(ending: Promise<void>): Promise<void> {
    const { settings, repair } = this.#subject
    const { storage, landing } = settings
    const watch = this.#watch(ending)
    const landed = land(storage, this.#discovery(), this.ledger, watch, landing, this.#seen, this.#context)
    await this.#consume(landed, repair, this.#context)
  }

  #discovery(): DiscoverySettings {
    const { settings, request, organizationId } = this.#subject
    return {
      organizationId,
      interval: request.interval,
      lookbackHours: settings.lookbackHours,
      listConcurrency: settings.folderConcurrency,
    }
  }

  #watch(ending: Promise<void>): JobWatch {
    const { clock } = this.#subject.settings
    const { createdAt } = this.#subject.job
    return {
      createdAt: createdAt === undefined ? clock.now() : Date.parse(createdAt),
      fulfilledAt: () => this.#fulfilledAt,
      pending: () => this.#pending(),
      settledOr: async (ms) => {
        const wake = new AbortController()
        const onStop = () => wake.abort(this.#stop.signal.reason)
        this.#stop.signal.addEventListener('abort', onStop, { once: true })
        if (this.#stop.signal.aborted) onStop()
        try {
          const sleeping = clock.sleep(ms, wake.signal)
          await (this.#fulfilledAt === undefined ? Promise.race([ending, sleeping]) : sleeping)
        } finally {
          this.#stop.signal.removeEventListener('abort', onStop)
          wake.abort()
        }
      },
    }
  }

  #pending(): number | undefined {
    if (!this.ledger.listed) {
      const { recordings, failed = 0, skipped = 0 } = this.#job.totals
      return recordings === undefined ? undefined : Math.max(0, recordings - failed - skipped - this.ledger.delivered)
    }
    // What the job says it left out will not land.
    return Math.max(0, this.ledger.pending - leftOutBy(this.ledger, this.#job).count)
  }

  async #consume(found: Source<DiscoveredObject>, repair: boolean, context: StageContext): Promise<void> {
    const { settings } = this.#subject
    for await (const _ of mapWindow(found, settings.objectConcurrency, (item) => this.#inTurn(item, repair, context))) {
      // The work is done in the window; what is left to do here is to keep it moving.
    }
  }

  /** One object at a time for each key: a rewritten object waits until its former state is done with. */
  async #inTurn(
    found: DiscoveredObject,
    repair: boolean,
    context: StageContext,
    begun?: BegunRepair | undefined,
  ): Promise<void> {
    const { key } = found.object
    const former = this.#busy.get(key)
    const work = (former ?? Promise.resolve()).then(() => this.#process(found, repair, context, begun))
    const settled = work.catch(() => {})
    this.#busy.set(key, settled)
    try {
      await work
    } finally {
      if (this.#busy.get(key) === settled) this.#busy.delete(key)
    }
  }

  async #process(
    { object, place }: DiscoveredObject,
    repair: boolean,
    context: StageContext,
    begun: BegunRepair | undefined,
  ): Promise<void> {
    const { settings, tally, recorder, dryRun } = this.#subject
    tally.found(object.key, place)
    // Listed while its repair was under way: what we wrote ourselves is no arrival.
    if (place.kind === 'unexpected' || this.#written.has(object)) return
    const { storage, requirements, remediation: options } = settings
    const repairSettings = repair ? { requirements, options, dryRun, witness: recorder, begun } : undefined
    const processed = await processObject(storage, requirements, object, place, repairSettings, context)
    tally.processed(processed)
    this.ledger.enter(object.key, place, processed.outcome, processed.reason)
    this.#remember(processed, repair)
    if (!recorder.active) return
    const digest = await this.#digest(processed, context)
    await recorder.verdict(objectRecord(processed, place, this.#job, digest))
  }

  #digest({ verdict, remediation }: Processed, context: StageContext): Promise<ContentDigest | undefined> {
    const { settings, hashContent } = this.#subject
    const state = remediation?.after ?? verdict.state
    if (state === undefined) return Promise.resolve(undefined)
    return contentDigest(settings.storage, state, hashContent, context)
  }

  /** What a repair wrote is not news when it is listed again. */
  #remember({ verdict, remediation }: Processed, repair: boolean): void {
    if (remediation?.after !== undefined) {
      this.#seen.add(remediation.after)
      this.#written.add(remediation.after)
    }
    if (!repair && verdict.verdict === 'held' && verdict.state !== undefined) this.#done.add(verdict.state)
  }
}

async function* unless(found: AsyncIterable<DiscoveredObject>, done: SeenObjects): AsyncGenerator<DiscoveredObject> {
  for await (const one of found) if (!done.has(one.object)) yield one
}

function hasEnded({ state }: ExportJob): boolean {
  return state === 'FULFILLED' || state === 'FAILED' || state === 'CANCELLED'
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
